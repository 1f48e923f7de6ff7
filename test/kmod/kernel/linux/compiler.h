/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared words are read and written with the compiler's atomics rather than through volatile, so
 * that ThreadSanitizer knows which accesses are meant to race.
 */
#ifndef KERNEL_COMPILER_H
#define KERNEL_COMPILER_H

/* Frama-C and tso.c bring what they need of this and of asm/barrier.h themselves. */
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

/*
 * A fuzzer defines this to be called after each read of a shared word: there a hostile peer can
 * change its pages between any two of our reads, without a second thread and repeatably.
 */
#ifndef harness_was_read
#define harness_was_read(address) ((void)(address))
#endif

#define harness_load(address, order) ({					\
	__typeof__(*(address)) _value = __atomic_load_n(address, order);	\
	harness_was_read(address);					\
	_value;								\
})

#ifndef READ_ONCE
#define READ_ONCE(x) harness_load(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#endif

#endif
