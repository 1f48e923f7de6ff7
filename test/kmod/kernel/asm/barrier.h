/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_BARRIER_H
#define KERNEL_BARRIER_H

#include <linux/compiler.h>

/* Of our own memory alone. */
#define smp_load_acquire(address) __atomic_load_n(address, __ATOMIC_ACQUIRE)

#ifndef virt_mb
#define virt_load_acquire(address) harness_load(address, __ATOMIC_ACQUIRE)
#define virt_store_release(address, value) __atomic_store_n(address, value, __ATOMIC_RELEASE)
#define virt_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#endif
