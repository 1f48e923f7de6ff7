// SPDX-License-Identifier: GPL-2.0

#include "borrow.h"
#include "channel.h"
#include "peer.h"

#include <linux/slab.h>

bool coloop_borrow_is_due(const struct coloop_channel *ch)
{
	return READ_ONCE(ch->lend_max) &&
	       READ_ONCE(ch->queue->rx.peer->lent) != READ_ONCE(ch->borrowed.seen);
}

/* References of pages [from, from + count), which one table page has, each read once. */
static int borrow_read_table(struct coloop_channel *ch, u32 from, u32 count, grant_ref_t *refs)
{
	grant_ref_t ref = READ_ONCE(ch->queue->rx.peer->table[from / COLOOP_TABLE_REFS]);
	struct coloop_map map = {};
	const u32 *table;
	u32 i;
	int ret;

	ret = coloop_map_get(&map, coloop_channel_peer(ch)->domid, &ref, 1, COLOOP_OFFER_PART, NULL);
	if (ret)
		return ret;
	table = (const u32 *)map.address[0];
	for (i = 0; i < count; i++)
		refs[i] = READ_ONCE(table[from % COLOOP_TABLE_REFS + i]);
	coloop_map_put(&map);
	return 0;
}

static int borrow_map(struct coloop_channel *ch, u32 from, u32 count, grant_ref_t *refs)
{
	struct coloop_borrow *borrow = &ch->borrowed;
	struct coloop_map *map = &borrow->map[borrow->count];
	int ret;

	ret = borrow_read_table(ch, from, count, refs);
	if (ret)
		return ret;
	ret = coloop_map_get(map, coloop_channel_peer(ch)->domid, refs, count, COLOOP_OFFER_PART,
			     NULL);
	if (ret)
		return ret;
	borrow->count++;
	memcpy(borrow->lent.pages + from, map->address, count * sizeof(*map->address));
	return 0;
}

/* To the end of a table at a time. */
static int borrow_map_all(struct coloop_channel *ch, u32 to)
{
	struct coloop_borrow *borrow = &ch->borrowed;
	grant_ref_t *refs;
	int ret = 0;

	if (!borrow->lent.pages)
		borrow->lent.pages = kvcalloc(COLOOP_LENT_MAX, sizeof(*borrow->lent.pages),
					      GFP_KERNEL);
	refs = kvcalloc(COLOOP_TABLE_REFS, sizeof(*refs), GFP_KERNEL);
	if (!refs || !borrow->lent.pages)
		ret = -ENOMEM;
	while (!ret && borrow->pages < to) {
		u32 from = borrow->pages;
		u32 count = min(to - from, COLOOP_TABLE_REFS - from % COLOOP_TABLE_REFS);

		ret = borrow_map(ch, from, count, refs);
		if (!ret)
			borrow->pages += count;
	}
	kvfree(refs);
	return ret;
}

void coloop_borrow(struct coloop_channel *ch)
{
	struct coloop_borrow *borrow = &ch->borrowed;
	u32 lent;

	lockdep_assert_held(&coloop_channel_peer(ch)->lock);
	if (!coloop_channel_is_live(ch) || !READ_ONCE(ch->lend_max))
		return;
	lent = virt_load_acquire(&ch->queue->rx.peer->lent); /* before the references */
	if (lent < borrow->seen || lent > COLOOP_LENT_MAX || lent % COLOOP_LENT_STEP) {
		coloop_channel_fault(ch, COLOOP_REASON_BAD_STATE, lent);
		return;
	}
	WRITE_ONCE(borrow->seen, lent);
	if (borrow->is_refused)
		return;
	/* What cannot be mapped is not borrowed: its owner copies then. */
	borrow->is_refused = borrow_map_all(ch, lent);
	smp_store_release(&borrow->lent.size, borrow->pages * COLOOP_PAGE_SIZE); /* after the pages */
	virt_store_release(&ch->queue->own->borrowed, borrow->pages);
}

void coloop_borrow_end(struct coloop_channel *ch)
{
	struct coloop_borrow *borrow = &ch->borrowed;
	unsigned int i;

	for (i = 0; i < borrow->count; i++)
		coloop_map_put(&borrow->map[i]);
	kvfree(borrow->lent.pages);
	memset(borrow, 0, sizeof(*borrow));
}
