/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One-way rings of records between two domains, from either end.  Knows no Xen and no skb, and
 * builds in user space (test/kmod).  Layout and ordering: wire.h.
 *
 * Xen's io/ring.h was not used: it moves fixed-size requests through pages that both sides write.
 *
 * A structure here is private memory and belongs to one context at a time: the caller locks.
 * What a peer can write is read through READ_ONCE or the virt_* accessors, once, and checked.
 */

#ifndef _COLOOP_RING_H
#define _COLOOP_RING_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct coloop_tx - our end of the ring that we write
 * @own: our control page
 * @peer: the peer's control page, mapped read-only
 * @data: the ring's pages, mapped twice in a row, so that every record is contiguous
 * @size: bytes in the ring, a power of two
 * @prod: bytes ever put in
 * @cons: bytes that the peer is known to have taken
 * @notified: @prod when the peer was last considered for a notification
 */
struct coloop_tx {
	struct coloop_control *own;
	const struct coloop_control *peer;
	u8 *data;
	u32 size;
	u32 prod;
	u32 cons;
	u32 notified;
};

/**
 * struct coloop_foreign_pages - a peer's frag pages, mapped read-only
 * @pages: nowhere contiguous
 * @size: bytes in those that are mapped; it grows while records are read
 */
struct coloop_foreign_pages {
	const u8 **pages;
	u32 size;
};

/**
 * struct coloop_rx - our end of the ring that the peer writes
 * @own: our control page
 * @peer: the peer's control page, mapped read-only
 * @pages: the ring's pages, mapped read-only, nowhere contiguous
 * @size: bytes in the ring, a power of two
 * @cons: bytes ever taken
 * @prod: bytes that the peer is known to have put in
 * @published: @cons as the peer can read it
 * @foreign: where the parts of records lie
 * @part: those of the next record, checked; shortened as they are copied
 * @at: which of them is copied next
 */
struct coloop_rx {
	struct coloop_control *own;
	const struct coloop_control *peer;
	const u8 *const *pages;
	u32 size;
	u32 cons;
	u32 prod;
	u32 published;
	const struct coloop_foreign_pages *foreign;
	struct coloop_part part[COLOOP_PARTS_MAX];
	u32 at;
};

/* Bytes that follow the header: the frame, or the parts and the beginning of the frame. */
static inline u32 coloop_record_body(const struct coloop_record *record)
{
	if (!record->parts)
		return record->len;
	return record->parts * sizeof(struct coloop_part) + record->hdr_len;
}

/* Bytes that a record with a body of @body takes in a ring. */
static inline u32 coloop_record_size(u32 body)
{
	return sizeof(struct coloop_record) +
	       ((body + COLOOP_RECORD_ALIGN - 1) & ~(u32)(COLOOP_RECORD_ALIGN - 1));
}

/* Has an index that went from @old to @new reached or passed @mark?  All are free-running. */
static inline bool coloop_crossed(u32 mark, u32 old, u32 new)
{
	return mark - old - 1 < new - old;
}

/* Reads the peer's cons.  False: it is out of range, and in *@bad. */
bool coloop_tx_look(struct coloop_tx *tx, u32 *bad);
/* Room for a body of @body bytes by what is known of the peer's cons?  Touches no shared memory. */
bool coloop_tx_fits(const struct coloop_tx *tx, u32 body);
/* Writes @record; returns where its body goes.  Needs coloop_tx_fits(). */
void *coloop_tx_begin(struct coloop_tx *tx, const struct coloop_record *record);
/* Makes the record of coloop_tx_begin(), with a body of @body bytes, visible to the peer. */
void coloop_tx_commit(struct coloop_tx *tx, u32 body);
/* Does the peer wish to hear of what was committed since the last call? */
bool coloop_tx_must_notify(struct coloop_tx *tx);
/* Asks for an event when the peer's cons reaches @mark; look at cons again afterwards. */
void coloop_tx_arm(struct coloop_tx *tx, u32 mark);

/*
 * Copies the next record's header to *@record and its parts to @rx->part, and checks both.
 * Returns 1, 0 if the ring is empty, -EPROTO if the peer's index is out of range, -EBADMSG if the
 * record is not well formed; then *@bad is the offending number.
 */
int coloop_rx_next(struct coloop_rx *rx, struct coloop_record *record, u32 *bad);
/* Copies @len bytes of the next record's body, from @offset on. */
void coloop_rx_copy(const struct coloop_rx *rx, void *to, u32 offset, u32 len);
/* Copies the next @len bytes of its parts, which have as many. */
void coloop_rx_gather(struct coloop_rx *rx, void *to, u32 len);
/* Steps over the next record, whose body has @body bytes.  Its room stays taken. */
void coloop_rx_skip(struct coloop_rx *rx, u32 body);
/* Is there no record?  The peer's index is compared and nothing else. */
bool coloop_rx_is_empty(const struct coloop_rx *rx);
/* Gives room back to the peer.  True: it wishes to hear of that. */
bool coloop_rx_publish(struct coloop_rx *rx);
/* Asks for an event for the next record.  True: there is one already. */
bool coloop_rx_arm(struct coloop_rx *rx);

/* The checks of coloop_rx_next() on a private copy; @used is what the ring holds from it on. */
bool coloop_record_ok(const struct coloop_record *record, u32 used);

#endif /* _COLOOP_RING_H */
