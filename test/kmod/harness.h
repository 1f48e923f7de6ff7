/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of kmod/ that know no Xen and no skb need of the kernel, in user space.
 *
 * Shared words are read and written with the compiler's atomics rather than through volatile, so
 * that ThreadSanitizer knows which accesses are meant to race.
 */

#ifndef _COLOOP_HARNESS_H
#define _COLOOP_HARNESS_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

#define coloop_copy memcpy

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define min_t(type, a, b) ({			\
	type _a = (a);				\
	type _b = (b);				\
	_a < _b ? _a : _b;			\
})

#define clamp_t(type, value, low, high) ({	\
	type _v = (value);			\
	_v < (low) ? (low) : _v > (high) ? (high) : _v;	\
})

/* x86 only, as the module is. */
#define __cpu_to_virtio16(little_endian, value) (value)

/*
 * A fuzzer defines this to be called after each read of a shared word: there a hostile peer can
 * change its pages between any two of our reads, without a second thread and repeatably.
 */
#ifndef harness_was_read
#define harness_was_read(address) ((void)(address))
#endif

/* A test may bring memory of its own (tso.c). */
#ifndef READ_ONCE
#define harness_load(address, order) ({					\
	__typeof__(*(address)) _value = __atomic_load_n(address, order);	\
	harness_was_read(address);					\
	_value;								\
})

#define READ_ONCE(x) harness_load(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define virt_load_acquire(address) harness_load(address, __ATOMIC_ACQUIRE)
#define virt_store_release(address, value) __atomic_store_n(address, value, __ATOMIC_RELEASE)
#define virt_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#include "wire.h"

#endif /* _COLOOP_HARNESS_H */
