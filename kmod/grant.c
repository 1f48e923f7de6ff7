// SPDX-License-Identifier: GPL-2.0

#include "grant.h"
#include "budget.h"
#include "limits.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>

atomic_t coloop_grants_held = ATOMIC_INIT(0);
atomic_t coloop_maps_held = ATOMIC_INIT(0);
atomic_t coloop_pages_waiting = ATOMIC_INIT(0);

static LIST_HEAD(deferred);
static DEFINE_MUTEX(deferred_lock); /* guards deferred */
static void grant_retry_deferred(struct work_struct *work);
static DECLARE_DELAYED_WORK(deferred_work, grant_retry_deferred);

/* The kernel keeps this to itself; which version it chose may change with every resume. */
static unsigned int grant_entries_per_frame(void)
{
	struct gnttab_get_version get = { .dom = DOMID_SELF };

	if (!HYPERVISOR_grant_table_op(GNTTABOP_get_version, &get, 1) && get.version == 1)
		return XEN_PAGE_SIZE / sizeof(struct grant_entry_v1);
	return XEN_PAGE_SIZE / sizeof(union grant_entry_v2);
}

unsigned int coloop_grants_limit(void)
{
	return gnttab_max_grant_frames() * grant_entries_per_frame() / COLOOP_GRANTS_PART;
}

int coloop_grants_reserve(unsigned int count, struct netlink_ext_ack *extack)
{
	unsigned int limit = coloop_grants_limit();

	if (coloop_budget_take(&coloop_grants_held, count, limit, COLOOP_OFFER_PART))
		return 0;
	NL_SET_ERR_MSG_FMT_MOD(extack,
			       "%u grants needed, %d of %u held; an offer gets half the rest",
			       count, atomic_read(&coloop_grants_held), limit);
	return -ENOSPC;
}

void coloop_grants_unreserve(unsigned int count)
{
	atomic_sub(count, &coloop_grants_held);
}

static bool grant_fill_single(struct coloop_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->count; i++) {
		pages->page[i].page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages->page[i].page)
			return false;
	}
	return true;
}

static bool grant_fill_block(struct coloop_pages *pages)
{
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_COMP | __GFP_NORETRY | __GFP_NOWARN;
	struct page *head = alloc_pages(gfp, ilog2(pages->count));
	unsigned int i;

	if (!head)
		return false;
	page_ref_add(head, pages->count - 1);
	for (i = 0; i < pages->count; i++)
		pages->page[i].page = head + i;
	return true;
}

static void grant_free_pages(struct coloop_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->count && pages->page[i].page; i++)
		put_page(pages->page[i].page);
	kvfree(pages);
}

static struct coloop_pages *grant_alloc_pages(domid_t domid, unsigned int count,
					      bool (*fill)(struct coloop_pages *pages))
{
	struct coloop_pages *pages = kvzalloc(struct_size(pages, page, count), GFP_KERNEL);

	if (!pages)
		goto err_unreserve;
	pages->domid = domid;
	pages->count = count;
	if (!fill(pages) || gnttab_alloc_grant_references(count, &pages->refs_head))
		goto err_free_pages;
	return pages;

err_free_pages:
	grant_free_pages(pages);
err_unreserve:
	coloop_grants_unreserve(count);
	return NULL;
}

struct coloop_pages *coloop_pages_alloc(domid_t domid, unsigned int count)
{
	return grant_alloc_pages(domid, count, grant_fill_single);
}

struct coloop_pages *coloop_pages_alloc_block(domid_t domid, unsigned int order)
{
	return grant_alloc_pages(domid, 1u << order, grant_fill_block);
}

void coloop_pages_share(struct coloop_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->count; i++) {
		/* Reserved by coloop_pages_alloc(), so claiming cannot fail. */
		int ref = gnttab_claim_grant_reference(&pages->refs_head);

		gnttab_grant_foreign_access_ref(ref, pages->domid,
						xen_page_to_gfn(pages->page[i].page), 1);
		pages->page[i].ref = ref;
	}
	pages->shared = pages->count;
}

/* Lets go of each page whose grant the peer has let go of; keeps the rest at the front. */
static void grant_end(struct coloop_pages *pages)
{
	unsigned int i, kept = 0;

	for (i = 0; i < pages->shared; i++) {
		if (gnttab_try_end_foreign_access(pages->page[i].ref)) {
			put_page(pages->page[i].page);
			coloop_grants_unreserve(1);
		} else {
			pages->page[kept++] = pages->page[i];
		}
	}
	pages->shared = kept;
}

void coloop_pages_put(struct coloop_pages *pages)
{
	if (!pages)
		return;
	if (!pages->shared) {
		gnttab_free_grant_references(pages->refs_head);
		coloop_grants_unreserve(pages->count);
		grant_free_pages(pages);
		return;
	}
	grant_end(pages);
	if (!pages->shared) {
		kvfree(pages);
		return;
	}
	mutex_lock(&deferred_lock);
	list_add_tail(&pages->entry, &deferred);
	atomic_add(pages->shared, &coloop_pages_waiting);
	schedule_delayed_work(&deferred_work, msecs_to_jiffies(COLOOP_DEFERRED_MS));
	mutex_unlock(&deferred_lock);
}

static void grant_retry_deferred(struct work_struct *work)
{
	struct coloop_pages *pages, *next;

	mutex_lock(&deferred_lock);
	list_for_each_entry_safe(pages, next, &deferred, entry) {
		unsigned int before = pages->shared;

		grant_end(pages);
		atomic_sub(before - pages->shared, &coloop_pages_waiting);
		if (!pages->shared) {
			list_del(&pages->entry);
			kvfree(pages);
		}
	}
	if (!list_empty(&deferred))
		schedule_delayed_work(&deferred_work, msecs_to_jiffies(COLOOP_DEFERRED_MS));
	mutex_unlock(&deferred_lock);
}

unsigned int coloop_pages_deferred(domid_t domid)
{
	struct coloop_pages *pages;
	unsigned int count = 0;

	mutex_lock(&deferred_lock);
	list_for_each_entry(pages, &deferred, entry) {
		if (pages->domid == domid)
			count += pages->shared;
	}
	mutex_unlock(&deferred_lock);
	return count;
}

/* After this the kernel's own list of deferred grants waits for what peers still map. */
void coloop_grant_uninit(void)
{
	struct coloop_pages *pages, *next;
	unsigned int i;

	cancel_delayed_work_sync(&deferred_work);
	list_for_each_entry_safe(pages, next, &deferred, entry) {
		for (i = 0; i < pages->shared; i++)
			gnttab_end_foreign_access(pages->page[i].ref, pages->page[i].page);
		list_del(&pages->entry);
		kvfree(pages);
	}
}

static phys_addr_t grant_map_address(struct page *page)
{
	return (phys_addr_t)(unsigned long)pfn_to_kaddr(page_to_pfn(page));
}

static void grant_map_free(struct coloop_map *map)
{
	if (map->pages)
		gnttab_free_pages(map->count, map->pages);
	kvfree(map->pages);
	kvfree(map->handles);
	kvfree(map->address);
	memset(map, 0, sizeof(*map));
}

/* Nothing is mapped yet. */
static int grant_map_alloc(struct coloop_map *map, unsigned int count)
{
	struct page **pages = kvcalloc(count, sizeof(*pages), GFP_KERNEL);
	unsigned int i;

	if (!pages)
		return -ENOMEM;
	if (gnttab_alloc_pages(count, pages)) {
		kvfree(pages);
		return -ENOMEM;
	}
	map->count = count;
	map->pages = pages;
	map->handles = kvcalloc(count, sizeof(*map->handles), GFP_KERNEL);
	map->address = kvcalloc(count, sizeof(*map->address), GFP_KERNEL);
	if (!map->handles || !map->address) {
		grant_map_free(map);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		map->handles[i] = INVALID_GRANT_HANDLE;
		map->address[i] = page_address(pages[i]);
	}
	return 0;
}

/* The return value of gnttab_map_refs() does not tell: every status must be looked at. */
static int grant_map_take_handles(struct coloop_map *map, const struct gnttab_map_grant_ref *ops,
				  struct netlink_ext_ack *extack)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < map->count; i++) {
		if (ops[i].status == GNTST_okay) {
			map->handles[i] = ops[i].handle;
		} else if (!ret) {
			NL_SET_ERR_MSG_FMT_MOD(extack,
					       "cannot map the peer's grant %u: Xen says %d",
					       ops[i].ref, ops[i].status);
			ret = -EACCES;
		}
	}
	return ret;
}

static int grant_map_refs(struct coloop_map *map, domid_t domid, const grant_ref_t *refs,
			  struct netlink_ext_ack *extack)
{
	struct gnttab_map_grant_ref *ops;
	unsigned int count = map->count;
	unsigned int i;
	int ret = 0;

	ops = kvcalloc(count, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		gnttab_set_map_op(&ops[i], grant_map_address(map->pages[i]),
				  GNTMAP_host_map | GNTMAP_readonly, refs[i], domid);
	if (gnttab_map_refs(ops, NULL, map->pages, count)) {
		/* Only what each op says counts; an op that was not looked at has no handle. */
		NL_SET_ERR_MSG_MOD(extack, "Xen refused to map grants of the peer");
		ret = -EACCES;
	}
	ret = grant_map_take_handles(map, ops, extack) ?: ret;
	kvfree(ops);
	return ret;
}

int coloop_map_get(struct coloop_map *map, domid_t domid, const grant_ref_t *refs,
		   unsigned int count, unsigned int part, struct netlink_ext_ack *extack)
{
	int ret;

	if (!coloop_budget_take(&coloop_maps_held, count, COLOOP_MAPS_MAX, part)) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%u pages to map, %d of %u mapped", count,
				       atomic_read(&coloop_maps_held), COLOOP_MAPS_MAX);
		return -ENOSPC;
	}
	ret = grant_map_alloc(map, count);
	if (ret) {
		atomic_sub(count, &coloop_maps_held);
		return ret;
	}
	ret = grant_map_refs(map, domid, refs, extack);
	if (ret)
		coloop_map_put(map);
	return ret;
}

/* Pages that Xen did not unmap are nobody's any more; the others stay, from the first on. */
static void grant_map_drop_failed(struct coloop_map *map, const struct gnttab_unmap_grant_ref *ops)
{
	unsigned int i, kept = 0;

	for (i = 0; i < map->count; i++) {
		bool was_mapped = map->handles[i] != INVALID_GRANT_HANDLE;

		if (!was_mapped || ops->status == GNTST_okay)
			map->pages[kept++] = map->pages[i];
		else
			pr_warn_ratelimited("Xen says %d to unmapping a page of a peer\n",
					    ops->status);
		ops += was_mapped;
	}
	map->count = kept;
}

void coloop_map_put(struct coloop_map *map)
{
	struct gnttab_unmap_grant_ref *ops;
	struct gntab_unmap_queue_data *queue;
	struct page **pages;
	unsigned int i, count = 0;

	if (!map->count)
		return;
	/* Must not fail: a mapping that stays pins the peer's memory for ever. */
	ops = kvcalloc(map->count, sizeof(*ops), GFP_KERNEL | __GFP_NOFAIL);
	pages = kvcalloc(map->count, sizeof(*pages), GFP_KERNEL | __GFP_NOFAIL);
	/* Has a timer, which the kernel does not expect on a stack. */
	queue = kzalloc(sizeof(*queue), GFP_KERNEL | __GFP_NOFAIL);
	for (i = 0; i < map->count; i++) {
		if (map->handles[i] == INVALID_GRANT_HANDLE)
			continue;
		gnttab_set_unmap_op(&ops[count], grant_map_address(map->pages[i]),
				    GNTMAP_host_map | GNTMAP_readonly, map->handles[i]);
		pages[count++] = map->pages[i];
	}
	queue->unmap_ops = ops;
	queue->pages = pages;
	queue->count = count;
	if (count && gnttab_unmap_refs_sync(queue))
		pr_warn("could not unmap the pages of a peer\n");
	atomic_sub(map->count, &coloop_maps_held);
	grant_map_drop_failed(map, ops);
	kfree(queue);
	kvfree(pages);
	kvfree(ops);
	grant_map_free(map);
}
