// SPDX-License-Identifier: GPL-2.0

#include "pool.h"
#include "limits.h"

#include <linux/gfp.h>
#include <linux/mm.h>

static bool pool_is_free(struct page *chunk)
{
	return page_ref_count(chunk) == 1 && !page_is_pfmemalloc(chunk);
}

static struct page *pool_alloc(void)
{
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct page *chunk = alloc_pages(gfp | __GFP_COMP | __GFP_NORETRY, COLOOP_POOL_ORDER);

	return chunk ?: alloc_page(gfp);
}

/* After a turn in which half of them would have done, a quarter goes. */
static void pool_shrink(struct coloop_pool *pool)
{
	unsigned int keep = pool->count - pool->count / 4;

	if (!pool->is_needed) {
		while (pool->count > keep)
			put_page(pool->chunk[--pool->count]);
	}
	pool->is_needed = false;
}

/*
 * The oldest is still in use: a new one before it, or in its place when there are as many as may
 * be.
 */
static struct page *pool_grow(struct coloop_pool *pool)
{
	struct page **slot = &pool->chunk[pool->at];
	struct page *chunk = pool_alloc();

	pool->is_needed = true;
	if (!chunk) {
		/* Nothing is left of the one that is in use. */
		pool->used = PAGE_SIZE << COLOOP_POOL_ORDER;
		return NULL;
	}
	if (pool->count == COLOOP_POOL_CHUNKS || (pool->count && page_is_pfmemalloc(*slot)))
		put_page(*slot);
	else
		memmove(slot + 1, slot, (pool->count++ - pool->at) * sizeof(*slot));
	*slot = chunk;
	return chunk;
}

/* The next chunk that only we refer to. */
static struct page *pool_next_chunk(struct coloop_pool *pool)
{
	pool->used = 0;
	if (++pool->at >= pool->count) {
		pool_shrink(pool);
		pool->at = 0;
	}
	if (!pool->count || !pool_is_free(pool->chunk[pool->at]))
		return pool_grow(pool);
	if (!pool_is_free(pool->chunk[(pool->at + pool->count / 2) % pool->count]))
		pool->is_needed = true;
	return pool->chunk[pool->at];
}

void *coloop_pool_room(struct coloop_pool *pool, u32 *len)
{
	struct page *chunk = pool->count ? pool->chunk[pool->at] : NULL;

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
	while (pool->count)
		put_page(pool->chunk[--pool->count]);
	pool->at = 0;
	pool->used = 0;
}
