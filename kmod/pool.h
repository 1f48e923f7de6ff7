/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages for received packets, used round and round: a chunk whose packets have all been consumed
 * is filled again without a visit to the page allocator (which would also zero it, as Debian's
 * kernels do).  It has as many as are in use at once, and some time after that.  One user at a
 * time.
 *
 * The kernel's page_pool was not used: it warns about packets that sit in a socket for more than
 * a minute while a channel goes away, which is ordinary life here.
 */

#ifndef _COLOOP_POOL_H
#define _COLOOP_POOL_H

#include <linux/skbuff.h>
#include <linux/types.h>

enum {
	COLOOP_POOL_CHUNKS = 256,
	COLOOP_POOL_ORDER = 3,
};

/**
 * struct coloop_pool - chunks of up to 8 pages
 * @chunk: we hold one reference to each, every packet another one
 * @count: how many there are
 * @at: the chunk being filled
 * @used: bytes of it that are given out
 * @is_needed: in this turn more than half of them were in use at once
 */
struct coloop_pool {
	struct page *chunk[COLOOP_POOL_CHUNKS];
	unsigned int count;
	unsigned int at;
	unsigned int used;
	bool is_needed;
};

/* Where up to *@len bytes can be written; *@len becomes what there is.  NULL: no memory. */
void *coloop_pool_room(struct coloop_pool *pool, u32 *len);
/* Appends the first @len bytes of that room to the packet. */
void coloop_pool_append(struct coloop_pool *pool, struct sk_buff *skb, u32 len);
void coloop_pool_drain(struct coloop_pool *pool);

#endif /* _COLOOP_POOL_H */
