/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of whole packets.  Since 6.4 the kernel's memcpy() is a loop through registers, four
 * words a turn, on every CPU without fast short string moves; copy_to_user() kept `rep movsq` for
 * what is large.  So do we: TCP over a channel gained a quarter of its rate in counted time.
 */

#ifndef _COLOOP_COPY_H
#define _COLOOP_COPY_H

#include <linux/kasan-checks.h>
#include <linux/string.h>
#include <linux/types.h>

/* Below this a string move's start costs more than it saves. */
enum { COLOOP_COPY_STRING = 256 };

static inline void coloop_copy(void *to, const void *from, size_t len)
{
#ifdef CONFIG_X86_64
	if (len >= COLOOP_COPY_STRING) {
		size_t words = len / sizeof(u64);

		/* The compiler checks what memcpy() touches, but not this. */
		kasan_check_read(from, words * sizeof(u64));
		kasan_check_write(to, words * sizeof(u64));
		asm volatile("rep movsq" : "+D" (to), "+S" (from), "+c" (words) : : "memory");
		len %= sizeof(u64);
	}
#endif
	memcpy(to, from, len);
}

#endif /* _COLOOP_COPY_H */
