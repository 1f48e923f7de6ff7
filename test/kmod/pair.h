/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Both ends of a one-way ring in one process, mapped as two domains would map it: each control
 * page read-only for the other end, the ring twice in a row for the producer and page by page,
 * read-only and out of order, for the consumer.  What lies between has no access at all, so a
 * stray read or a write into the peer's page ends the test.  The producer's frag pages are
 * in a row for it, and page by page for the consumer.
 */

#ifndef _COLOOP_PAIR_H
#define _COLOOP_PAIR_H

#include "ring.h"

enum { PAIR_FRAG_PAGES = 20, PAIR_FRAG_BYTES = PAIR_FRAG_PAGES * COLOOP_PAGE_SIZE };

struct pair {
	struct coloop_tx tx;
	struct coloop_rx rx;
	struct coloop_foreign_pages foreign;
	u8 *frags;	/* the same, as the producer writes it; PAIR_FRAG_BYTES bytes */
	u8 *room;	/* everything is mapped in here, with gaps */
};

/* All indices begin at @start, a multiple of 16.  Ends the process when memory fails. */
void pair_open(struct pair *pair, u32 order, u32 start);
void pair_close(struct pair *pair);
/* Forgets what was in the ring, begins again at @start. */
void pair_reset(struct pair *pair, u32 start);
/* Puts a record in as a sender would: header, body, index.  Needs coloop_tx_fits(). */
void pair_put(struct pair *pair, const struct coloop_record *record, const void *body);

#endif /* _COLOOP_PAIR_H */
