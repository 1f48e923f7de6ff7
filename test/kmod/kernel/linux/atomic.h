/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HARNESS_LINUX_ATOMIC_H
#define _HARNESS_LINUX_ATOMIC_H

typedef struct { int counter; } atomic_t;

#define ATOMIC_INIT(value) { value }
#define atomic_read(v) __atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_sub(i, v) ((void)__atomic_sub_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST))
#define atomic_try_cmpxchg(v, old, new) __atomic_compare_exchange_n(&(v)->counter, old, new, false, \
	__ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

#endif
