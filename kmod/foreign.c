// SPDX-License-Identifier: GPL-2.0

#include "foreign.h"
#include "channel.h"
#include "peer.h"

#include <linux/slab.h>

bool coloop_foreign_is_due(const struct coloop_channel *ch)
{
	return READ_ONCE(ch->frag_pages) &&
	       READ_ONCE(ch->queue->rx.peer->frags_granted) != READ_ONCE(ch->foreign.seen);
}

/* References of pages [from, from + count), which one table page has, each read once. */
static int foreign_read_table(struct coloop_channel *ch, u32 from, u32 count, grant_ref_t *refs)
{
	grant_ref_t ref = READ_ONCE(ch->queue->rx.peer->table[from / COLOOP_TABLE_REFS]);
	struct coloop_map map = {};
	const u32 *table;
	u32 i;
	int ret;

	ret = coloop_map_get(&map, coloop_channel_peer(ch)->domid, &ref, 1, COLOOP_OFFER_PART,
			     NULL);
	if (ret)
		return ret;
	table = (const u32 *)map.address[0];
	for (i = 0; i < count; i++)
		refs[i] = READ_ONCE(table[from % COLOOP_TABLE_REFS + i]);
	coloop_map_put(&map);
	return 0;
}

static int foreign_map(struct coloop_channel *ch, u32 from, u32 count, grant_ref_t *refs)
{
	struct coloop_foreign *foreign = &ch->foreign;
	struct coloop_map *map = &foreign->map[foreign->count];
	int ret;

	ret = foreign_read_table(ch, from, count, refs);
	if (ret)
		return ret;
	ret = coloop_map_get(map, coloop_channel_peer(ch)->domid, refs, count, COLOOP_OFFER_PART,
			     NULL);
	if (ret)
		return ret;
	foreign->count++;
	memcpy(foreign->pages.pages + from, map->address, count * sizeof(*map->address));
	return 0;
}

/* To the end of a table at a time. */
static int foreign_map_all(struct coloop_channel *ch, u32 to)
{
	struct coloop_foreign *foreign = &ch->foreign;
	grant_ref_t *refs;
	int ret = 0;

	if (!foreign->pages.pages)
		foreign->pages.pages = kvcalloc(COLOOP_FRAG_PAGES_MAX,
						sizeof(*foreign->pages.pages), GFP_KERNEL);
	refs = kvcalloc(COLOOP_TABLE_REFS, sizeof(*refs), GFP_KERNEL);
	if (!refs || !foreign->pages.pages)
		ret = -ENOMEM;
	while (!ret && foreign->mapped < to) {
		u32 from = foreign->mapped;
		u32 count = min(to - from, COLOOP_TABLE_REFS - from % COLOOP_TABLE_REFS);

		ret = foreign_map(ch, from, count, refs);
		if (!ret)
			foreign->mapped += count;
	}
	kvfree(refs);
	return ret;
}

void coloop_foreign_map(struct coloop_channel *ch)
{
	struct coloop_foreign *foreign = &ch->foreign;
	u32 granted, size;

	lockdep_assert_held(&coloop_channel_peer(ch)->lock);
	if (!coloop_channel_is_live(ch) || !READ_ONCE(ch->frag_pages))
		return;
	granted = virt_load_acquire(&ch->queue->rx.peer->frags_granted); /* before the references */
	if (granted < foreign->seen || granted > COLOOP_FRAG_PAGES_MAX ||
	    granted % COLOOP_FRAG_PAGES_STEP) {
		coloop_channel_fault(ch, COLOOP_REASON_BAD_STATE, granted);
		return;
	}
	WRITE_ONCE(foreign->seen, granted);
	if (foreign->is_refused)
		return;
	/* What we cannot map its owner copies. */
	foreign->is_refused = foreign_map_all(ch, granted);
	size = foreign->mapped * COLOOP_PAGE_SIZE;
	smp_store_release(&foreign->pages.size, size); /* after the pages */
	virt_store_release(&ch->queue->own->frags_mapped, foreign->mapped);
}

void coloop_foreign_unmap(struct coloop_channel *ch)
{
	struct coloop_foreign *foreign = &ch->foreign;
	unsigned int i;

	for (i = 0; i < foreign->count; i++)
		coloop_map_put(&foreign->map[i]);
	kvfree(foreign->pages.pages);
	memset(foreign, 0, sizeof(*foreign));
}
