// SPDX-License-Identifier: GPL-2.0

#include "pool.h"
#include "limits.h"

#include <linux/gfp.h>
#include <linux/mm.h>

/* The next chunk that only we refer to, or a new one in the place of one still in use. */
static struct page *pool_next_chunk(struct coloop_pool *pool)
{
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct page **slot;

	pool->at = (pool->at + 1) % COLOOP_POOL_CHUNKS;
	pool->used = 0;
	slot = &pool->chunk[pool->at];
	if (*slot && page_ref_count(*slot) == 1 && !page_is_pfmemalloc(*slot))
		return *slot;
	if (*slot)
		put_page(*slot);
	*slot = alloc_pages(gfp | __GFP_COMP | __GFP_NORETRY, COLOOP_POOL_ORDER);
	if (!*slot)
		*slot = alloc_page(gfp);
	return *slot;
}

void *coloop_pool_room(struct coloop_pool *pool, u32 *len)
{
	struct page *chunk = pool->chunk[pool->at];

	/* A rest too small to be worth a fragment of its own is left alone. */
	if (!chunk || pool->used + min_t(u32, *len, PAGE_SIZE) > page_size(chunk)) {
		chunk = pool_next_chunk(pool);
		if (!chunk)
			return NULL;
	}
	*len = min_t(u32, *len, page_size(chunk) - pool->used);
	return page_address(chunk) + pool->used;
}

void coloop_pool_append(struct coloop_pool *pool, struct sk_buff *skb, u32 len)
{
	struct page *chunk = pool->chunk[pool->at];
	u32 room = ALIGN(len, SMP_CACHE_BYTES);
	u32 charge = max_t(u32, room, page_size(chunk) / COLOOP_FRAGMENT_PART);

	get_page(chunk);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, chunk, pool->used, len, charge);
	pool->used += room;
}

void coloop_pool_drain(struct coloop_pool *pool)
{
	unsigned int i;

	for (i = 0; i < COLOOP_POOL_CHUNKS; i++) {
		if (pool->chunk[i])
			put_page(pool->chunk[i]);
		pool->chunk[i] = NULL;
	}
	pool->used = 0;
}
