/* SPDX-License-Identifier: GPL-2.0 */
/* The other end of blocks.h: pages that a peer has lent, from which records are read. */

#ifndef _COLOOP_BORROW_H
#define _COLOOP_BORROW_H

#include "grant.h"
#include "ring.h"

struct coloop_channel;

enum {
	COLOOP_BORROWS_MAX = COLOOP_LENT_MAX / COLOOP_LENT_STEP,
};

/**
 * struct coloop_borrow - part of a channel; under the peer's lock
 * @lent: what the polls read of it
 * @pages: how many are mapped
 * @seen: how many the peer had lent when that was last looked at
 * @count: maps that are used
 * @is_refused: Xen or the budget refused once; no more are mapped in this life of the channel
 */
struct coloop_borrow {
	struct coloop_lent lent;
	u32 pages;
	u32 seen;
	unsigned int count;
	bool is_refused;
	struct coloop_map map[COLOOP_BORROWS_MAX];
};

/* From the poll: has the peer lent more since?  Not for who lends it nothing: no page is mapped then. */
bool coloop_borrow_is_due(const struct coloop_channel *ch);
/* Under the peer's lock: maps what is new, and says so in our control page. */
void coloop_borrow(struct coloop_channel *ch);
/* Under the peer's lock, with all polls stopped. */
void coloop_borrow_end(struct coloop_channel *ch);

#endif /* _COLOOP_BORROW_H */
