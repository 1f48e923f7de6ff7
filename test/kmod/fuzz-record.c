// SPDX-License-Identifier: GPL-2.0
/*
 * The consumer of kmod/ring.c against a hostile producer.  The input is what the producer does: it
 * writes anything into its control page and its ring, also between any two reads of ours.  Our end
 * is private and stays what it is.
 *
 * Input: where the indices begin, then steps of one byte and their operands, see step().
 */

static void peer_acts(const void *address);
#define harness_was_read(address) peer_acts(address)

/* mutants.sh puts a broken copy in its place. */
#ifndef RING_C
#define RING_C "../../kmod/ring.c"
#endif
#include <string.h>

#include RING_C

#include <stdlib.h>

#include "pair.h"

enum { ORDER = 5, SIZE = COLOOP_PAGE_SIZE << ORDER };

static struct pair pair;
/* What remains of the input; what the peer does after each read of ours comes from its end. */
static const u8 *input;
static size_t left;
static bool acting;

/* Our own loops teach the fuzzer nothing, and counting each of their turns took half of the time. */
#define UNCOUNTED __attribute__((noinline, no_sanitize("coverage")))

static void must(bool held)
{
	if (!held)
		abort();
}

UNCOUNTED static u32 operand(u32 bytes)
{
	u32 value = 0;

	while (bytes-- && left) {
		value = value << 8 | *input++;
		left--;
	}
	return value;
}

/* Zeroing the whole ring for each input would take longer than the input. */
static u32 written[1 << 16];
static u32 writes;

UNCOUNTED static void write_ring(u32 at, u8 byte)
{
	if (writes == sizeof(written) / sizeof(*written))
		return;
	written[writes++] = at;
	pair.tx.data[at & (SIZE - 1)] = byte;
}

UNCOUNTED static void wipe_ring(void)
{
	while (writes)
		pair.tx.data[written[--writes] & (SIZE - 1)] = 0;
}

/* Between two reads: change one byte of the record that we are at, or of its first parts, or the index. */
static void peer_acts(const void *address)
{
	u8 what;

	(void)address;
	if (!acting || !left)
		return;
	what = input[--left];
	if (what & 0x80)
		write_ring(pair.rx.cons + (what & 31), what << 1 | (what >> 4 & 7));
	else if (what & 0x40)
		pair.tx.own->prod += 16 * (what & 0x3f);
	else if (what & 0x20) /* up to a page more than there can be */
		pair.tx.own->prod += COLOOP_PAGE_SIZE * (2 + (what & 0x1f));
}

/* The picture in wire.h, in other words than coloop_record_ok() has. */
static void check_record(const struct coloop_record *r, u32 used)
{
	u32 body = r->parts ? 8 * r->parts + r->hdr_len : r->len;
	u32 padded = (body + 15) / 16 * 16;
	u64 csum_end = (u64)r->csum_start + r->csum_offset + 2;
	bool partial = r->flags & 1;

	bool segments = (r->gso_type & 0x7b) == 1 || (r->gso_type & 0x7f) == 4;

	must(r->len >= 14 && r->len <= 262144);
	must(r->len <= 65600 || (segments && partial && r->gso_size >= 512));
	must((u64)padded + 16 <= used);
	must(r->parts <= 16 && r->flags <= 3);
	must(r->hdr_len <= r->len);
	must(!r->parts || (r->hdr_len >= 14 && r->hdr_len <= 256 && r->hdr_len < r->len));
	must(partial ? r->csum_start >= 14 && csum_end <= r->len :
		       r->csum_start == 0 && r->csum_offset == 0);
	switch (r->gso_type) {
	case 0x00:
		must(r->gso_size == 0);
		break;
	case 0x01: case 0x81: case 0x04: case 0x84: case 0x03: case 0x05:
		must(r->gso_size != 0);
		break;
	default:
		must(false);
	}
}

/*
 * As a receiver does: headers first, then the rest, each into room of exactly that size: the end of
 * an array, behind which ASan lets nobody write.  Fresh memory for each took half of the time.
 */
static void copy_frame(u32 len)
{
	static u8 heads[256], rests[COLOOP_LARGE_MAX];
	u32 head = len < sizeof(heads) ? len : sizeof(heads);
	u8 *to = heads + sizeof(heads) - head, *rest = rests + sizeof(rests) - (len - head);
	const u8 *from;

	coloop_rx_copy(&pair.rx, to, 0, head);
	coloop_rx_copy(&pair.rx, rest, head, len - head);
	/* The producer's view of the ring is twice in a row. */
	from = pair.tx.data + ((pair.rx.cons + 16) & (SIZE - 1));
	must(!memcmp(to, from, head) && !memcmp(rest, from + head, len - head));
}

/* The parts as they were checked are the ones that are copied, whatever the ring says by now. */
static void copy_parts(const struct coloop_record *r)
{
	static u8 rests[COLOOP_LARGE_MAX];
	u32 left = r->len - r->hdr_len, sum = 0, first;
	u8 heads[256], *rest = rests + sizeof(rests) - left;
	struct coloop_part part[16];

	memcpy(part, pair.rx.part, sizeof(part));
	coloop_rx_copy(&pair.rx, heads + sizeof(heads) - r->hdr_len, 8 * r->parts, r->hdr_len);
	first = left < 5000 ? left : 5000;
	coloop_rx_gather(&pair.rx, rest, first);
	coloop_rx_gather(&pair.rx, rest + first, left - first);
	for (u32 i = 0; i < r->parts; i++) {
		must(part[i].len && (u64)part[i].at + part[i].len <= PAIR_FRAG_BYTES);
		must(!memcmp(rest + sum, pair.frags + part[i].at, part[i].len));
		sum += part[i].len;
	}
	must(sum == left);
}

/* Takes all there is.  False: the peer was caught, the channel is broken. */
static bool poll_ring(void)
{
	u32 first = pair.rx.cons, lie;

	for (u32 n = 0; n < 64; n++) {
		struct coloop_record record;
		u32 cons = pair.rx.cons;
		int got = coloop_rx_next(&pair.rx, &record, &lie);

		must(got == 1 || got == 0 || got == -EPROTO || got == -EBADMSG);
		must(pair.rx.prod - pair.rx.cons <= SIZE && pair.rx.prod % 16 == 0);
		if (got <= 0)
			return got == 0;
		check_record(&record, pair.rx.prod - pair.rx.cons);
		if (record.parts)
			copy_parts(&record);
		else
			copy_frame(record.len);
		coloop_rx_skip(&pair.rx, coloop_record_body(&record));
		must(pair.rx.cons - cons >= 32 && pair.rx.prod - pair.rx.cons <= SIZE);
	}
	must(pair.rx.cons - first >= 64 * 32);
	return true;
}

/* A record by reference, right but for what the input says, and perhaps longer than IP can say. */
static void put_reference(bool large)
{
	struct coloop_control *page = pair.tx.own;
	u32 count = 1 + operand(1) % 17, sum = 0;
	struct coloop_record r = {.hdr_len = 14 + operand(1), .parts = count};
	struct coloop_part part[17];

	for (u32 i = 0; i < count; i++) {
		part[i] = (struct coloop_part){operand(2) * 2, 1 + operand(2) / 8};
		sum += part[i].len;
	}
	if (large) {
		r.gso_type = 1;
		r.gso_size = 500 + (r.hdr_len & 31);
		r.flags = 1;
		r.csum_start = 14 + (r.hdr_len & 1);
	}
	r.len = r.hdr_len + sum + (signed char)operand(1) / 64;
	for (u32 i = 0; i < sizeof(r); i++)
		write_ring(page->prod + i, ((u8 *)&r)[i]);
	for (u32 i = 0; i < count * sizeof(*part); i++)
		write_ring(page->prod + 16 + i, ((u8 *)part)[i]);
	page->prod += coloop_record_size(coloop_record_body(&r));
}

static bool step(u8 what)
{
	struct coloop_control *page = pair.tx.own;
	u32 at;

	switch (what % 8) {
	case 0:
		page->prod = operand(4);
		break;
	case 1:
		page->prod += 16 * operand(1);
		break;
	case 2:
		page->cons_event = pair.rx.cons + operand(1);
		break;
	case 3: /* a header where the next record is looked for, or behind it */
		at = pair.rx.cons + 16 * operand(1);
		for (u32 i = 0; i < 16; i++)
			write_ring(at + i, operand(1));
		break;
	case 4: /* a plain record, so that the input comes further */
		if (what & 0x80) {
			put_reference(what & 0x40);
			break;
		}
		at = operand(1) % 240;
		for (u32 i = 0; i < 16; i++)
			write_ring(page->prod + i, i ? 0 : 14 + at);
		page->prod += coloop_record_size(14 + at);
		break;
	case 5:
		return poll_ring();
	case 6:
		coloop_rx_publish(&pair.rx);
		must(pair.rx.own->cons == pair.rx.cons);
		break;
	case 7:
		coloop_rx_arm(&pair.rx);
		must(pair.rx.own->prod_event == pair.rx.cons + 1);
		break;
	}
	return true;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	pair_open(&pair, ORDER, 0);
	for (u32 i = 0; i < PAIR_FRAG_BYTES; i++)
		pair.frags[i] = i * 251 >> 4;
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	input = data;
	left = size;
	pair_reset(&pair, operand(4) & ~15u);
	acting = true;
	while (left && step(operand(1)))
		;
	acting = false;
	wipe_ring();
	return 0;
}
