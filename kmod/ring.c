// SPDX-License-Identifier: GPL-2.0

#include "ring.h"

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <asm/barrier.h>

#include "copy.h"

bool coloop_tx_look(struct coloop_tx *tx, u32 *bad)
{
	u32 cons = virt_load_acquire(&tx->peer->cons);			/* P1 */

	if (unlikely(cons - tx->cons > tx->prod - tx->cons)) {		/* P2 */
		*bad = cons;
		return false;
	}
	tx->cons = cons;
	return true;
}

bool coloop_tx_fits(const struct coloop_tx *tx, u32 body)
{
	return coloop_record_size(body) <= tx->size - (tx->prod - tx->cons);
}

void *coloop_tx_begin(struct coloop_tx *tx, const struct coloop_record *record)
{
	u8 *at = tx->data + (tx->prod & (tx->size - 1));

	memcpy(at, record, sizeof(*record));
	return at + sizeof(*record);					/* P3 */
}

void coloop_tx_commit(struct coloop_tx *tx, u32 body)
{
	tx->prod += coloop_record_size(body);
	virt_store_release(&tx->own->prod, tx->prod);			/* P4 */
}

bool coloop_tx_must_notify(struct coloop_tx *tx)
{
	u32 old = tx->notified;

	tx->notified = tx->prod;
	virt_mb();							/* P5 */
	return coloop_crossed(READ_ONCE(tx->peer->prod_event), old, tx->prod); /* P6 */
}

void coloop_tx_arm(struct coloop_tx *tx, u32 mark)
{
	WRITE_ONCE(tx->own->cons_event, mark);				/* P7 */
	virt_mb();							/* P8 */
}

static bool ring_gso_type_ok(u8 type)
{
	switch (type & ~COLOOP_GSO_ECN) {
	case COLOOP_GSO_TCPV4:
	case COLOOP_GSO_TCPV6:
		return true;
	case COLOOP_GSO_NONE:
	case COLOOP_GSO_UDP:
	case COLOOP_GSO_UDP_L4:
		return !(type & COLOOP_GSO_ECN);
	default:
		return false;
	}
}

/* What of the frame follows has to be its headers, and something has to be left for the parts. */
static bool ring_parts_ok(const struct coloop_record *r)
{
	return r->parts <= COLOOP_PARTS_MAX && r->hdr_len >= COLOOP_FRAME_MIN &&
	       r->hdr_len <= COLOOP_PARTS_HEAD_MAX && r->hdr_len < r->len;
}

/* Beyond what IP can say only TCP's segments go, of which there must not be too many. */
static u32 ring_len_max(const struct coloop_record *r)
{
	u8 type = r->gso_type & ~COLOOP_GSO_ECN;

	return (type == COLOOP_GSO_TCPV4 || type == COLOOP_GSO_TCPV6) &&
	       r->flags & COLOOP_NEEDS_CSUM && r->gso_size >= COLOOP_LARGE_SEGMENT_MIN ?
		       COLOOP_LARGE_MAX : COLOOP_FRAME_MAX;
}

bool coloop_record_ok(const struct coloop_record *r, u32 used)
{
	if (r->len < COLOOP_FRAME_MIN || r->len > ring_len_max(r))
		return false;
	if (r->parts && !ring_parts_ok(r))
		return false;
	if (coloop_record_size(coloop_record_body(r)) > used)
		return false;
	if (r->flags & ~(COLOOP_NEEDS_CSUM | COLOOP_DATA_VALID))
		return false;
	if (r->hdr_len > r->len)
		return false;
	if (!ring_gso_type_ok(r->gso_type) || !r->gso_type != !r->gso_size)
		return false;
	if (r->flags & COLOOP_NEEDS_CSUM)
		return r->csum_start >= COLOOP_FRAME_MIN &&
		       (u32)r->csum_start + r->csum_offset + 2 <= r->len;
	return !r->csum_start && !r->csum_offset;
}

static const u8 *rx_at(const struct coloop_rx *rx, u32 index)
{
	u32 at = index & (rx->size - 1);

	return rx->pages[at / COLOOP_PAGE_SIZE] + at % COLOOP_PAGE_SIZE;
}

/* Two reads of eight bytes each: the compiler may not come back for a second look (XSA-155). */
static void ring_copy_record(struct coloop_record *record, const u8 *from)
{
	u64 words[2];

	words[0] = READ_ONCE(((const u64 *)from)[0]);
	words[1] = READ_ONCE(((const u64 *)from)[1]);
	memcpy(record, words, sizeof(*record));
}

/* Of eight bytes, at a multiple of eight, so that it crosses no page. */
static struct coloop_part ring_copy_part(const u8 *from)
{
	struct coloop_part part;
	u64 word = READ_ONCE(*(const u64 *)from);

	memcpy(&part, &word, sizeof(part));
	return part;
}

/* Each part within what is mapped, none empty, and together what the frame lacks. */
static bool ring_take_parts(struct coloop_rx *rx, const struct coloop_record *record, u32 *bad)
{
	u32 at = rx->cons + sizeof(struct coloop_record);
	u32 size = rx->foreign ? smp_load_acquire(&rx->foreign->size) : 0; /* before the pages */
	u32 left = record->len - record->hdr_len;
	u32 i;

	for (i = 0; i < record->parts; i++) {
		struct coloop_part part = ring_copy_part(rx_at(rx, at));	/* C3 */

		if (!part.len || part.len > left || part.len > size || part.at > size - part.len) {
			*bad = part.at;
			return false;
		}
		rx->part[i] = part;
		left -= part.len;
		at += sizeof(part);
	}
	rx->at = 0;
	*bad = left;
	return !left;
}

static bool ring_rx_look(struct coloop_rx *rx, u32 *bad)
{
	u32 prod = virt_load_acquire(&rx->peer->prod);			/* C1 */

	if (unlikely(prod - rx->cons > rx->size ||			/* C2 */
		     prod % COLOOP_RECORD_ALIGN)) {
		*bad = prod;
		return false;
	}
	rx->prod = prod;
	return true;
}

int coloop_rx_next(struct coloop_rx *rx, struct coloop_record *record, u32 *bad)
{
	if (rx->prod == rx->cons && !ring_rx_look(rx, bad))
		return -EPROTO;
	if (rx->prod == rx->cons)
		return 0;
	ring_copy_record(record, rx_at(rx, rx->cons));			/* C3 */
	if (unlikely(!coloop_record_ok(record, rx->prod - rx->cons))) {
		*bad = record->len;
		return -EBADMSG;
	}
	if (record->parts && unlikely(!ring_take_parts(rx, record, bad)))
		return -EBADMSG;
	return 1;
}

void coloop_rx_copy(const struct coloop_rx *rx, void *to, u32 offset, u32 len)
{
	u32 index = rx->cons + sizeof(struct coloop_record) + offset;

	while (len) {
		u32 part = min_t(u32, len, COLOOP_PAGE_SIZE - index % COLOOP_PAGE_SIZE);

		coloop_copy(to, rx_at(rx, index), part);		/* C3 */
		to = (u8 *)to + part;
		index += part;
		len -= part;
	}
}

/* In pieces of a page.  The peer may write to it meanwhile: what has been copied is believed. */
static void ring_copy_foreign(const struct coloop_foreign_pages *foreign, void *to, u32 at, u32 len)
{
	while (len) {
		u32 part = min_t(u32, len, COLOOP_PAGE_SIZE - at % COLOOP_PAGE_SIZE);

		coloop_copy(to, foreign->pages[at / COLOOP_PAGE_SIZE] + at % COLOOP_PAGE_SIZE,
			    part);
		to = (u8 *)to + part;
		at += part;
		len -= part;
	}
}

void coloop_rx_gather(struct coloop_rx *rx, void *to, u32 len)
{
	while (len) {
		struct coloop_part *part = &rx->part[rx->at];
		u32 now = min_t(u32, len, part->len);

		ring_copy_foreign(rx->foreign, to, part->at, now);		/* C3 */
		to = (u8 *)to + now;
		len -= now;
		part->at += now;
		part->len -= now;
		rx->at += !part->len;
	}
}

void coloop_rx_skip(struct coloop_rx *rx, u32 body)
{
	rx->cons += coloop_record_size(body);
}

bool coloop_rx_publish(struct coloop_rx *rx)
{
	u32 old = rx->published;

	if (old == rx->cons)
		return false;
	rx->published = rx->cons;
	virt_store_release(&rx->own->cons, rx->cons);			/* C4 */
	virt_mb();							/* C5 */
	return coloop_crossed(READ_ONCE(rx->peer->cons_event), old, rx->cons); /* C6 */
}

bool coloop_rx_is_empty(const struct coloop_rx *rx)
{
	return virt_load_acquire(&rx->peer->prod) == rx->cons; /* C9 */
}

bool coloop_rx_arm(struct coloop_rx *rx)
{
	WRITE_ONCE(rx->own->prod_event, rx->cons + 1);			/* C7 */
	virt_mb();							/* C8 */
	return !coloop_rx_is_empty(rx);
}
