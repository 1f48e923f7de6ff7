/* SPDX-License-Identifier: GPL-2.0 */
/* The other end of blocks.h: a peer's frag pages, from which records are read. */

#ifndef _COLOOP_FOREIGN_H
#define _COLOOP_FOREIGN_H

#include "grant.h"
#include "ring.h"

struct coloop_channel;

enum {
	COLOOP_FOREIGN_MAPS_MAX = COLOOP_FRAG_PAGES_MAX / COLOOP_FRAG_PAGES_STEP,
};

/**
 * struct coloop_foreign - part of a channel; under the peer's lock
 * @pages: what the polls read of it
 * @mapped: how many of them there are
 * @seen: how many the peer had granted when that was last looked at
 * @count: maps that are used
 * @is_refused: Xen or the budget refused once; no more are mapped in this life of the channel
 */
struct coloop_foreign {
	struct coloop_foreign_pages pages;
	u32 mapped;
	u32 seen;
	unsigned int count;
	bool is_refused;
	struct coloop_map map[COLOOP_FOREIGN_MAPS_MAX];
};

/* From the poll: has the peer granted more since?  To who grants it nothing, it does not matter. */
bool coloop_foreign_is_due(const struct coloop_channel *ch);
/* Under the peer's lock: maps what is new, and says so in our control page. */
void coloop_foreign_map(struct coloop_channel *ch);
/* Under the peer's lock, with all polls stopped. */
void coloop_foreign_unmap(struct coloop_channel *ch);

#endif /* _COLOOP_FOREIGN_H */
