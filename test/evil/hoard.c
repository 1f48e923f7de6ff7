// SPDX-License-Identifier: GPL-2.0
/* Grants: to write where we may read, to keep what ended, to take back what is in use. */

#include "evil.h"

#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <xen/mem-reservation.h>
#include <xen/page.h>

struct hoarded {
	struct list_head entry;
	struct coloop_map map;
};

static bool keeping;
static LIST_HEAD(hoard);
static struct coloop_pages *ballooned;
static unsigned int ballooned_count;
static grant_ref_t for_dom0;
static struct page *page_for_dom0;

static phys_addr_t address_of(struct page *page)
{
	return (phys_addr_t)(unsigned long)pfn_to_kaddr(page_to_pfn(page));
}

/* What the module never does: map a page of the peer so that we could write it. */
int map_writable(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_map_grant_ref map;
	struct page *page;
	int ret;

	ret = gnttab_alloc_pages(1, &page);
	if (ret)
		return ret;
	gnttab_set_map_op(&map, address_of(page), GNTMAP_host_map, number,
			  coloop_channel_peer(ch)->domid);
	ret = gnttab_map_refs(&map, NULL, &page, 1);
	scnprintf(said, room, "Xen says %d to mapping grant %ld for writing", map.status, number);
	if (!ret && map.status == GNTST_okay) {
		gnttab_set_unmap_op(&unmap, address_of(page), GNTMAP_host_map, map.handle);
		ret = gnttab_unmap_refs(&unmap, NULL, &page, 1);
	}
	gnttab_free_pages(1, &page);
	return ret;
}

static int write_byte(u8 *at, u8 value)
{
	__put_kernel_nofault(at, &value, u8, fault);
	return 0;
fault:
	return -EFAULT;
}

/* Through the mapping that we have: PV faults, PVH is made to believe that it wrote. */
int write_peer(struct coloop_channel *ch, long number, char *said, size_t room)
{
	/* A byte that is always zero. */
	u8 *at = (u8 *)(unsigned long)target(ch)->rx.peer->zero3;
	u8 before = READ_ONCE(*at);
	int ret = write_byte(at, ~before);

	scnprintf(said, room, "writing says %d, and the byte is %s", ret,
		  READ_ONCE(*at) == before ? "as it was" : "CHANGED");
	return 0;
}

/* Whether nothing is said at this byte of a control page whose ring has @refs pages (wire.h). */
static bool must_be_zero(u32 at, u32 refs)
{
	const u32 further = offsetof(struct coloop_control, further);

	return (at >= 28 && at < 64) || (at >= 72 && at < 128) || (at >= 136 && at < 192) ||
	       (at >= 204 && at < 256) || (at >= 256 + 4 * refs && at < further) ||
	       at >= further + 8 * (COLOOP_QUEUES_MAX - 1);
}

/* Is there anything in the peer's pages that was not put there for us? */
int look(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct coloop_rx *rx = &target(ch)->rx;
	const u8 *control = (const u8 *)rx->peer;
	u32 at, prod = READ_ONCE(rx->peer->prod), leaks = 0;

	for (at = 0; at < sizeof(*rx->peer); at++)
		leaks += must_be_zero(at, rx->size / COLOOP_PAGE_SIZE) && READ_ONCE(control[at]);
	for (at = prod; at < rx->size; at++)
		leaks += READ_ONCE(rx->pages[at / COLOOP_PAGE_SIZE][at % COLOOP_PAGE_SIZE]) != 0;
	scnprintf(said, room, "%u of %u bytes are not zero", leaks, rx->size);
	return prod < rx->size ? 0 : -ERANGE;
}

void evil_map_put(struct coloop_map *map)
{
	struct hoarded *kept;

	/* Who flips words may be looking through it. */
	flip_stop(NULL, 0);
	if (!READ_ONCE(keeping) || !map->count) {
		coloop_map_put(map);
		return;
	}
	kept = kzalloc(sizeof(*kept), GFP_KERNEL | __GFP_NOFAIL);
	kept->map = *map;
	memset(map, 0, sizeof(*map));
	list_add(&kept->entry, &hoard);
}

/* 1: from now on we unmap nothing; 0: we let go of all. */
int keep(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct hoarded *kept, *next;
	unsigned int pages = 0;

	WRITE_ONCE(keeping, number);
	list_for_each_entry_safe(kept, next, &hoard, entry) {
		pages += kept->map.count;
		if (number)
			continue;
		coloop_map_put(&kept->map);
		list_del(&kept->entry);
		kfree(kept);
	}
	scnprintf(said, room, "%s %u pages", number ? "keep" : "let go of", pages);
	return 0;
}

/* Our own code must not look at the peer's pages any more: it finds ours in their place. */
static void look_away(struct coloop_channel *ch)
{
	fall_silent(ch);
	cancel_delayed_work_sync(&ch->watchdog);
	spin_lock_bh(&target(ch)->tx_lock);
	target(ch)->tx.peer = target(ch)->own;
	spin_unlock_bh(&target(ch)->tx_lock);
	target(ch)->rx.peer = target(ch)->own;
}

int unmap_early(struct coloop_channel *ch, long number, char *said, size_t room)
{
	look_away(ch);
	scnprintf(said, room, "unmapped %u pages", target(ch)->ring_map.count + 1);
	coloop_map_put(&target(ch)->ring_map);
	coloop_map_put(&target(ch)->control_map);
	return 0;
}

/* A kernel symbol that is not exported; evil does not mind. */
static void *find_symbol(const char *name)
{
	static unsigned long (*lookup)(const char *name);
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };

	if (!lookup && !register_kprobe(&probe)) {
		lookup = (void *)probe.addr;
		unregister_kprobe(&probe);
	}
	return lookup ? (void *)lookup(name) : NULL;
}

/* Politely, which the kernel refuses; then by writing zero into the table that Xen reads. */
int revoke(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct coloop_pages *pages = target(ch)->pages;
	struct grant_entry_v1 **table = find_symbol("gnttab_shared");
	unsigned int i, refused = 0;

	if (!table || !*table)
		return -EOPNOTSUPP;
	fall_silent(ch);
	for (i = 0; i < pages->count; i++) {
		u16 *flags = &(*table)[pages->page[i].ref].flags;

		refused += !!(READ_ONCE(*flags) & (GTF_reading | GTF_writing));
		WRITE_ONCE(*flags, 0);
	}
	scnprintf(said, room, "revoked %u grants, %u of them in use", pages->count, refused);
	return 0;
}

/* Gives the pages of our ring back to Xen, granted as they are. */
int balloon(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct coloop_pages *pages = target(ch)->pages;
	unsigned int i, count = pages ? min_t(unsigned int, number, pages->count - 1) : 0;
	xen_pfn_t *frames;
	struct page **list;
	int ret = -ENOMEM;

	if (ballooned || !pages)
		return -EBUSY;
	if (coloop_channel_is_live(ch))
		fall_silent(ch);
	frames = kvcalloc(count, sizeof(*frames), GFP_KERNEL);
	list = kvcalloc(count, sizeof(*list), GFP_KERNEL);
	if (!frames || !list)
		goto out;
	/* On PV the alias would hold the frames. */
	vunmap(target(ch)->ring);
	target(ch)->ring = NULL;
	vm_unmap_aliases();
	for (i = 0; i < count; i++) {
		list[i] = pages->page[1 + i].page;
		frames[i] = xen_page_to_gfn(list[i]);
	}
	xenmem_reservation_va_mapping_reset(count, list);
	ret = xenmem_reservation_decrease(count, frames);
	if (ret > 0) {
		ballooned = pages;
		ballooned_count = ret;
		scnprintf(said, room, "%d pages of the ring are Xen's again", ret);
		ret = 0;
	}
out:
	kvfree(list);
	kvfree(frames);
	return ret;
}

/* New frames under the pages, so that they may be freed. */
static void refill(void)
{
	unsigned int i;

	for (i = 0; i < ballooned_count; i++) {
		struct page *page = ballooned->page[1 + i].page;
		xen_pfn_t frame = page_to_xen_pfn(page);

		if (xenmem_reservation_increase(1, &frame) == 1)
			xenmem_reservation_va_mapping_update(1, &page, &frame);
		else
			get_page(page); /* lost, rather than freed without memory under it */
	}
	ballooned = NULL;
}

void evil_pages_put(struct coloop_pages *pages)
{
	if (pages && pages == ballooned)
		refill();
	coloop_pages_put(pages);
}

/* A grant of ours that is dom0's to map. */
int foreign_grant(struct coloop_channel *ch, long number, char *said, size_t room)
{
	int ref;

	if (!page_for_dom0) {
		page_for_dom0 = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page_for_dom0)
			return -ENOMEM;
		ref = gnttab_grant_foreign_access(0, xen_page_to_gfn(page_for_dom0), 1);
		if (ref < 0)
			return ref;
		for_dom0 = ref;
	}
	scnprintf(said, room, "%u", for_dom0);
	return 0;
}

void hoard_uninit(void)
{
	char said[64];

	keep(NULL, 0, said, sizeof(said));
	if (for_dom0)
		gnttab_end_foreign_access(for_dom0, page_for_dom0);
}
