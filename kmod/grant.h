/* SPDX-License-Identifier: GPL-2.0 */
/* Memory between domains: the only place that grants, maps and ends grants. */

#ifndef _COLOOP_GRANT_H
#define _COLOOP_GRANT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <xen/grant_table.h>
#include <xen/interface/xen.h>

#include "compat.h"

/**
 * struct coloop_pages - pages of ours for one peer: a control page and a ring, a table, a block
 * @domid: the peer
 * @count: pages
 * @shared: how many of them are granted, from the first on
 * @refs_head: reserved references not claimed yet
 * @entry: in the list of those that a peer still maps
 * @page: the pages and the references they are granted by
 *
 * Dies in coloop_pages_put(), or later when the peer lets go.
 */
struct coloop_pages {
	domid_t domid;
	unsigned int count;
	unsigned int shared;
	grant_ref_t refs_head;
	struct list_head entry;
	struct {
		struct page *page;
		grant_ref_t ref;
	} page[] __counted_by(count);
};

/**
 * struct coloop_map - pages of a peer, mapped read-only
 * @count: pages
 * @pages: struct pages made for them, nowhere contiguous
 * @handles: what unmapping needs
 * @address: where each page can be read
 */
struct coloop_map {
	unsigned int count;
	struct page **pages;
	grant_handle_t *handles;
	const u8 **address;
};

/* How many grant references the module may hold in all (R19). */
unsigned int coloop_grants_limit(void);
/* Room for @count of them; the sentence of a refusal goes to @extack. */
int coloop_grants_reserve(unsigned int count, struct netlink_ext_ack *extack);
void coloop_grants_unreserve(unsigned int count);

/*
 * Whole zeroed pages and references for them, nothing granted yet.  Uses up @count of what was
 * reserved; gives them back if it fails, and else when each grant has ended.
 */
struct coloop_pages *coloop_pages_alloc(domid_t domid, unsigned int count);
/*
 * The same of 1 << @order pages in a row.  Each of them holds a reference to all; others may take
 * more, and keep the memory when all grants have ended.
 */
struct coloop_pages *coloop_pages_alloc_block(domid_t domid, unsigned int order);
/* Grants pages [0, count) read-only.  Cannot fail (R13). */
void coloop_pages_share(struct coloop_pages *pages);
/* Ends the grants and frees; what the peer still maps is freed when it lets go. */
void coloop_pages_put(struct coloop_pages *pages);
/* Pages that @domid still maps after their grants ended. */
unsigned int coloop_pages_deferred(domid_t domid);

/*
 * Maps @count grants of @domid read-only, which may be one in @part of what is left of those that
 * we may have; the sentence of a refusal goes to @extack.
 */
int coloop_map_get(struct coloop_map *map, domid_t domid, const grant_ref_t *refs,
		   unsigned int count, unsigned int part, struct netlink_ext_ack *extack);
void coloop_map_put(struct coloop_map *map);

/* What the module holds now, for coloop_nl_info_get_doit(). */
extern atomic_t coloop_grants_held;
extern atomic_t coloop_maps_held;
extern atomic_t coloop_pages_waiting;

void coloop_grant_uninit(void);

#endif /* _COLOOP_GRANT_H */
