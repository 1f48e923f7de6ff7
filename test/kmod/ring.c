// SPDX-License-Identifier: GPL-2.0
/* Cases of kmod/ring.c, one test for each thing that can happen at either end. */

#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "expect.h"
#include "pair.h"

enum {
	ORDER = 5,
	SIZE = COLOOP_PAGE_SIZE << ORDER,
	SMALL = 48, /* its record takes 64 bytes, so that SIZE is a multiple of it */
	HEADER = sizeof(struct coloop_record),
};

/* Beginnings that make an index pass 2^32, the end of the ring or neither within one ring. */
static const u32 starts[] = {0, 4096 - 16, SIZE - 16, 0x80000000 - 16, -SIZE, -4096, -16};

#define each_start(s) (u32 s##_i = 0, s; s##_i < sizeof(starts) / sizeof(*starts) &&	\
		       (s = starts[s##_i], true); s##_i++)

static struct pair pair;
static u8 frame[COLOOP_LARGE_MAX], copy[COLOOP_LARGE_MAX];

static struct coloop_record plain(u32 len)
{
	return (struct coloop_record){.len = len};
}

static void put(u32 len, u8 first)
{
	struct coloop_record record = plain(len);

	for (u32 i = 0; i < len; i++)
		frame[i] = first + i * 7;
	pair_put(&pair, &record, frame);
}

static bool take(u32 len, u8 first)
{
	struct coloop_record record;
	u32 lie;
	bool same = true;

	if (coloop_rx_next(&pair.rx, &record, &lie) != 1 || record.len != len)
		return false;
	memset(copy, 0, len);
	coloop_rx_copy(&pair.rx, copy, 0, len);
	coloop_rx_skip(&pair.rx, len);
	for (u32 i = 0; i < len; i++)
		same &= copy[i] == (u8)(first + i * 7);
	return same;
}

static int next(void)
{
	struct coloop_record record;
	u32 lie;

	return coloop_rx_next(&pair.rx, &record, &lie);
}

static bool look(void)
{
	u32 lie;

	return coloop_tx_look(&pair.tx, &lie);
}

static void test_empty(void)
{
	for each_start(start) {
		pair_reset(&pair, start);
		expect(next() == 0);
		expect(!coloop_rx_arm(&pair.rx));
		expect(coloop_rx_is_empty(&pair.rx));
		expect(!coloop_rx_publish(&pair.rx));
		expect(look());
		expect(!coloop_tx_must_notify(&pair.tx));
		put(SMALL, 1);
		expect(!coloop_rx_is_empty(&pair.rx));
		expect(coloop_rx_arm(&pair.rx));
		expect(take(SMALL, 1));
		expect(coloop_rx_is_empty(&pair.rx));
		expect(next() == 0);
	}
}

static void test_full(void)
{
	for each_start(start) {
		u32 count = 0;

		pair_reset(&pair, start);
		while (coloop_tx_fits(&pair.tx, SMALL))
			put(SMALL, count++);
		expect(count == SIZE / 64);
		expect(!coloop_tx_fits(&pair.tx, COLOOP_FRAME_MIN));
		expect(look() && !coloop_tx_fits(&pair.tx, COLOOP_FRAME_MIN));
		for (u32 i = 0; i < count; i++)
			expect(take(SMALL, i));
		expect(next() == 0);
		/* Taken is not given back: the producer learns of room from the index alone. */
		expect(look() && !coloop_tx_fits(&pair.tx, COLOOP_FRAME_MIN));
		coloop_rx_publish(&pair.rx);
		expect(!coloop_tx_fits(&pair.tx, COLOOP_FRAME_MIN));
		expect(look() && coloop_tx_fits(&pair.tx, COLOOP_FRAME_MAX));
	}
}

static void test_exactly_full(void)
{
	for each_start(start) {
		u32 rest = SIZE - coloop_record_size(COLOOP_FRAME_MAX);

		pair_reset(&pair, start);
		put(COLOOP_FRAME_MAX, 3);
		expect(!coloop_tx_fits(&pair.tx, rest - HEADER + 1));
		expect(coloop_tx_fits(&pair.tx, rest - HEADER));
		put(rest - HEADER, 5);
		expect(pair.tx.prod - pair.tx.cons == SIZE);
		expect(!coloop_tx_fits(&pair.tx, 0));
		expect(take(COLOOP_FRAME_MAX, 3));
		expect(take(rest - HEADER, 5));
		expect(next() == 0);
	}
}

/* Every length at every place that a page or the ring ends in, and past 2^32. */
static void test_edges(void)
{
	static const u32 lens[] = {14, 15, 16, 17, 31, 32, 33, 4079, 4080, 4081, 4096, 8192,
				   65535, COLOOP_FRAME_MAX - 1, COLOOP_FRAME_MAX};

	for (u32 i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		for (u32 back = 0; back <= 80; back += 16) {
			pair_reset(&pair, 4096 - back);
			put(lens[i], i);
			expect(take(lens[i], i));
			pair_reset(&pair, 0 - back);
			put(lens[i], i);
			expect(take(lens[i], i));
			expect(next() == 0);
		}
	}
}

/* A receiver copies headers and payload to different places. */
static void test_parts(void)
{
	struct coloop_record record;
	u32 lie;

	pair_reset(&pair, 4096 - 32);
	put(9000, 9);
	expect(coloop_rx_next(&pair.rx, &record, &lie) == 1);
	for (u32 cut = 0; cut <= 9000; cut += 125) {
		memset(copy, 0, sizeof(copy));
		coloop_rx_copy(&pair.rx, copy, 0, cut);
		expect(!copy[cut] && (!cut || copy[cut - 1] == (u8)(9 + (cut - 1) * 7)));
		coloop_rx_copy(&pair.rx, copy + cut, cut, 9000 - cut);
		expect(!memcmp(copy, frame, 9000));
	}
}

static void test_record_size(void)
{
	expect(coloop_record_size(COLOOP_FRAME_MIN) == 32);
	expect(coloop_record_size(16) == 32);
	expect(coloop_record_size(17) == 48);
	expect(coloop_record_size(COLOOP_FRAME_MAX) == COLOOP_FRAME_MAX + HEADER);
	for (u32 len = 0; len <= COLOOP_FRAME_MAX; len++) {
		u32 size = coloop_record_size(len);

		expect(size % 16 == 0 && size >= len + HEADER && size < len + HEADER + 16);
	}
}

static void test_notify(void)
{
	for each_start(start) {
		pair_reset(&pair, start);
		expect(!coloop_rx_arm(&pair.rx));
		put(SMALL, 0);
		put(SMALL, 0);
		expect(coloop_tx_must_notify(&pair.tx));
		expect(!coloop_tx_must_notify(&pair.tx));
		put(SMALL, 0);
		expect(!coloop_tx_must_notify(&pair.tx)); /* not armed again */
		expect(take(SMALL, 0) && take(SMALL, 0) && take(SMALL, 0));
		coloop_rx_publish(&pair.rx);
		expect(!coloop_rx_arm(&pair.rx));
		put(COLOOP_FRAME_MIN, 0); /* the shortest record is worth an event, too */
		expect(coloop_tx_must_notify(&pair.tx));
	}
}

static void test_room_event(void)
{
	for each_start(start) {
		pair_reset(&pair, start);
		while (coloop_tx_fits(&pair.tx, SMALL))
			put(SMALL, 0);
		coloop_tx_arm(&pair.tx, start + 128);
		expect(look() && !coloop_tx_fits(&pair.tx, SMALL));
		expect(take(SMALL, 0));
		expect(!coloop_rx_publish(&pair.rx));
		expect(take(SMALL, 0));
		expect(coloop_rx_publish(&pair.rx));
		expect(!coloop_rx_publish(&pair.rx)); /* nothing new to say */
		expect(take(SMALL, 0));
		expect(!coloop_rx_publish(&pair.rx)); /* not armed again */
		expect(look() && coloop_tx_fits(&pair.tx, 3 * 64 - HEADER));
		expect(!coloop_tx_fits(&pair.tx, 3 * 64 - HEADER + 1));
	}
}

static void test_lying_prod(void)
{
	struct {
		const char *what;
		s32 ahead;
	} lies[] = {
		{"one record too far", SIZE + 16},		{"one byte too far", SIZE + 1},
		{"backwards by a record", -16},		{"backwards by a ring", -SIZE},
		{"half the numbers away", INT32_MIN},	{"the other half", INT32_MAX},
		{"unaligned by one", 1},		{"unaligned by eight", 8},
		{"unaligned by fifteen", 15},		{"unaligned, ring almost full", SIZE - 8},
	};

	for each_start(start) {
		for (u32 i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
			struct coloop_record record;
			u32 lie = 0, said = start + lies[i].ahead;

			pair_reset(&pair, start);
			pair.tx.own->prod = said;
			expect_row(lies[i].what,
				   coloop_rx_next(&pair.rx, &record, &lie) == -EPROTO);
			expect_row(lies[i].what, lie == said);
			expect_row(lies[i].what, pair.rx.prod == start && pair.rx.cons == start);
		}
	}
}

static void test_lying_cons(void)
{
	struct {
		const char *what;
		s32 ahead;
		bool ok;
	} lies[] = {
		{"backwards by a record", -64, false},	{"backwards by one", -1, false},
		{"past prod by one", 257, false},	{"past prod by a record", 320, false},
		{"a ring ahead", SIZE, false},		{"half the numbers away", INT32_MIN, false},
		{"nothing taken", 0, true},		{"one taken", 64, true},
		{"all taken", 256, true},		{"in the middle of a record", 65, true},
	};

	for each_start(start) {
		for (u32 i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
			u32 lie = 0, said = start + 64 + lies[i].ahead;

			pair_reset(&pair, start);
			for (int n = 0; n < 5; n++)
				put(SMALL, n);
			pair.rx.own->cons = start + 64;
			expect(look());
			pair.rx.own->cons = said;
			expect_row(lies[i].what, coloop_tx_look(&pair.tx, &lie) == lies[i].ok);
			expect_row(lies[i].what, lies[i].ok ? !lie : lie == said);
			expect_row(lies[i].what,
				   pair.tx.cons == (lies[i].ok ? said : start + 64));
		}
	}
}

/* A record may not reach past what the index covers, even when the bytes are there. */
static void test_record_past_prod(void)
{
	struct coloop_record record;
	u32 lie;

	for each_start(start) {
		for (u32 covered = 16; covered < 64; covered += 16) {
			pair_reset(&pair, start);
			put(SMALL, 0);
			pair.tx.own->prod = start + covered;
			expect(coloop_rx_next(&pair.rx, &record, &lie) == -EBADMSG);
			expect(lie == SMALL);
		}
	}
}

/* The second record lies: the first is good, the second is found out, nothing after it is read. */
static void test_late_lie(void)
{
	struct coloop_record *in_ring;
	struct coloop_record bad = plain(SMALL);

	pair_reset(&pair, -64);
	put(SMALL, 4);
	in_ring = (struct coloop_record *)(pair.tx.data + (pair.tx.prod & (SIZE - 1)));
	put(SMALL, 5);
	bad.len = SIZE;
	memcpy(in_ring, &bad, sizeof(bad));
	expect(take(SMALL, 4));
	expect(next() == -EBADMSG);
	expect(next() == -EBADMSG);
	expect(pair.rx.cons == 0);
}

enum { NEEDS = COLOOP_NEEDS_CSUM, VALID = COLOOP_DATA_VALID, ECN = COLOOP_GSO_ECN };

static const struct row {
	const char *what;
	struct coloop_record record;
	bool ok;
} rows[] = {
	{"plain", {.len = 60}, true},
	{"shortest", {.len = 14}, true},
	{"longest", {.len = COLOOP_FRAME_MAX}, true},
	{"empty", {.len = 0}, false},
	{"shorter than an Ethernet header", {.len = 13}, false},
	{"one too long", {.len = COLOOP_FRAME_MAX + 1}, false},
	{"length that wraps when rounded", {.len = 0xffffffff}, false},
	{"length that wraps with the header", {.len = 0xfffffff0}, false},
	{"parts without headers", {.len = 60, .parts = 1}, false},
	{"parts and less than an Ethernet header", {.len = 60, .hdr_len = 13, .parts = 1}, false},
	{"parts and nothing left for them", {.len = 60, .hdr_len = 60, .parts = 1}, false},
	{"parts and too long headers", {.len = 3000, .hdr_len = 257, .parts = 1}, false},
	{"too many parts", {.len = 3000, .hdr_len = 54, .parts = 17}, false},
	{"as many parts as can be said", {.len = 3000, .hdr_len = 54, .parts = 0xffff}, false},
	{"valid checksum", {.len = 60, .flags = VALID}, true},
	{"unknown flag", {.len = 60, .flags = 4}, false},
	{"highest flag", {.len = 60, .flags = 0x80}, false},

	{"checksum wanted", {.len = 60, .flags = NEEDS, .csum_start = 34, .csum_offset = 16}, true},
	{"checksum ends the frame",
	 {.len = 60, .flags = NEEDS, .csum_start = 42, .csum_offset = 16}, true},
	{"checksum one past the frame",
	 {.len = 60, .flags = NEEDS, .csum_start = 43, .csum_offset = 16}, false},
	{"checksum fields wrap in 16 bits",
	 {.len = 60, .flags = NEEDS, .csum_start = 0xffff, .csum_offset = 0xffff}, false},
	{"checksum fields wrap together",
	 {.len = 60, .flags = NEEDS, .csum_start = 0xffe0, .csum_offset = 0x30}, false},
	{"checksum begins after the Ethernet header",
	 {.len = 60, .flags = NEEDS, .csum_start = 14}, true},
	{"checksum within the Ethernet header",
	 {.len = 60, .flags = NEEDS, .csum_start = 13, .csum_offset = 16}, false},
	{"start without flag", {.len = 60, .csum_start = 34}, false},
	{"offset without flag", {.len = 60, .csum_offset = 16}, false},
	{"start with the other flag", {.len = 60, .flags = VALID, .csum_start = 34}, false},

	{"header as long as the frame", {.len = 60, .hdr_len = 60}, true},
	{"header longer than the frame", {.len = 60, .hdr_len = 61}, false},

	{"TCPv4 segments", {.len = 3000, .gso_type = COLOOP_GSO_TCPV4, .gso_size = 1448}, true},
	{"TCPv6 segments", {.len = 3000, .gso_type = COLOOP_GSO_TCPV6, .gso_size = 1428}, true},
	{"UDP datagram", {.len = 3000, .gso_type = COLOOP_GSO_UDP, .gso_size = 1480}, true},
	{"UDP segments", {.len = 3000, .gso_type = COLOOP_GSO_UDP_L4, .gso_size = 1400}, true},
	{"TCPv4, ECN", {.len = 3000, .gso_type = COLOOP_GSO_TCPV4 | ECN, .gso_size = 1}, true},
	{"TCPv6, ECN", {.len = 3000, .gso_type = COLOOP_GSO_TCPV6 | ECN, .gso_size = 1}, true},
	{"UDP, ECN", {.len = 3000, .gso_type = COLOOP_GSO_UDP | ECN, .gso_size = 1480}, false},
	{"UDP_L4, ECN", {.len = 3000, .gso_type = COLOOP_GSO_UDP_L4 | ECN, .gso_size = 9}, false},
	{"ECN alone", {.len = 3000, .gso_type = ECN}, false},
	{"ECN alone with a size", {.len = 3000, .gso_type = ECN, .gso_size = 1448}, false},
	{"type without size", {.len = 3000, .gso_type = COLOOP_GSO_TCPV4}, false},
	{"size without type", {.len = 3000, .gso_size = 1448}, false},
	{"unknown type 2", {.len = 3000, .gso_type = 2, .gso_size = 1448}, false},
	{"unknown type 6", {.len = 3000, .gso_type = 6, .gso_size = 1448}, false},
	{"unknown type 0x41", {.len = 3000, .gso_type = 0x41, .gso_size = 1448}, false},
	{"unknown type 0x7f", {.len = 3000, .gso_type = 0x7f, .gso_size = 1448}, false},
};

static void test_record_fields(void)
{
	for (u32 i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct coloop_record record, sent = rows[i].record;
		u32 lie, expected = rows[i].ok ? 1 : -EBADMSG;

		expect_row(rows[i].what, coloop_record_ok(&sent, SIZE) == rows[i].ok);
		pair_reset(&pair, -32);
		memcpy(coloop_tx_begin(&pair.tx, &sent), frame, 16);
		pair.tx.own->prod = -32 + SIZE;
		expect_row(rows[i].what,
			   (u32)coloop_rx_next(&pair.rx, &record, &lie) == expected);
		expect_row(rows[i].what,
			   rows[i].ok ? !memcmp(&record, &sent, HEADER) : lie == sent.len);
	}
}

static struct coloop_record large(u32 len)
{
	return (struct coloop_record){.len = len, .gso_type = COLOOP_GSO_TCPV4, .gso_size = 1448,
				      .hdr_len = 54, .flags = NEEDS, .csum_start = 34,
				      .csum_offset = 16};
}

/* Longer than IP can say: TCP's segments alone, not too small, and without a checksum yet. */
static void test_large_fields(void)
{
	static const u8 types[] = {COLOOP_GSO_NONE, COLOOP_GSO_UDP, COLOOP_GSO_UDP_L4};
	struct coloop_record record;

	for (u32 len = COLOOP_FRAME_MAX - 1; len <= COLOOP_LARGE_MAX + 1; len++) {
		record = large(len);
		if (coloop_record_ok(&record, 2 * COLOOP_LARGE_MAX) != (len <= COLOOP_LARGE_MAX))
			expect(!"a length");
		record.gso_type = COLOOP_GSO_TCPV6 | ECN;
		if (coloop_record_ok(&record, 2 * COLOOP_LARGE_MAX) != (len <= COLOOP_LARGE_MAX))
			expect(!"a length of IPv6");
	}
	record = large(COLOOP_LARGE_MAX);
	expect(coloop_record_ok(&record, COLOOP_LARGE_MAX + HEADER));
	expect(!coloop_record_ok(&record, COLOOP_LARGE_MAX + HEADER - 1));
	for (u32 size = 0; size <= 0xffff; size++) {
		record.gso_size = size;
		if (coloop_record_ok(&record, U32_MAX) != (size >= COLOOP_LARGE_SEGMENT_MIN))
			expect(!"a size of segments");
	}
	for (u32 i = 0; i < sizeof(types); i++) {
		record = large(COLOOP_FRAME_MAX + 1);
		record.gso_type = types[i];
		record.gso_size = types[i] ? 1448 : 0;
		expect(!coloop_record_ok(&record, U32_MAX));
	}
	record = large(COLOOP_FRAME_MAX + 1);
	record.flags = VALID;
	record.csum_start = record.csum_offset = 0;
	expect(!coloop_record_ok(&record, U32_MAX));
	record.flags = 0;
	expect(!coloop_record_ok(&record, U32_MAX));
}

/* In a ring of twice its size, across its end. */
static void test_large_copied(void)
{
	struct coloop_record got, record = large(COLOOP_LARGE_MAX);
	struct pair wide;
	u32 lie;

	for (u32 i = 0; i < COLOOP_LARGE_MAX; i++)
		frame[i] = i * 251 >> 4;
	pair_open(&wide, 7, -4096);
	expect(coloop_tx_fits(&wide.tx, record.len));
	pair_put(&wide, &record, frame);
	expect(coloop_rx_next(&wide.rx, &got, &lie) == 1 && got.len == COLOOP_LARGE_MAX);
	coloop_rx_copy(&wide.rx, copy, 0, 54);
	coloop_rx_copy(&wide.rx, copy + 54, 54, got.len - 54);
	expect(!memcmp(copy, frame, got.len));
	coloop_rx_skip(&wide.rx, got.len);
	expect(coloop_rx_next(&wide.rx, &got, &lie) == 0);
	pair_close(&wide);
}

/* The headers' worth of @frame and the parts, as they lie in the ring. */
static void put_parts(const struct coloop_record *record, const struct coloop_part *parts)
{
	u8 body[COLOOP_PARTS_MAX * sizeof(*parts) + COLOOP_PARTS_HEAD_MAX];
	u32 size = record->parts * sizeof(*parts);

	memcpy(body, parts, size);
	memcpy(body + size, frame, record->hdr_len);
	pair_put(&pair, record, body);
}

/* A frame of which all but the headers is granted, taken in pieces of @step bytes. */
static bool take_parts(const struct coloop_part *parts, u32 step)
{
	struct coloop_record record;
	const u8 *at = copy;
	u32 lie, left;

	if (coloop_rx_next(&pair.rx, &record, &lie) != 1)
		return false;
	coloop_rx_copy(&pair.rx, copy, record.parts * sizeof(*parts), record.hdr_len);
	left = record.len - record.hdr_len;
	for (u32 done = record.hdr_len, now; left; left -= now, done += now) {
		now = left < step ? left : step;
		coloop_rx_gather(&pair.rx, copy + done, now);
	}
	coloop_rx_skip(&pair.rx, coloop_record_body(&record));
	if (memcmp(at, frame, record.hdr_len))
		return false;
	at += record.hdr_len;
	for (u32 i = 0; i < record.parts; at += parts[i++].len) {
		if (memcmp(at, pair.frags + parts[i].at, parts[i].len))
			return false;
	}
	return at == copy + record.len && pair.rx.cons == pair.tx.prod;
}

static void fill_frags(void)
{
	for (u32 i = 0; i < PAIR_FRAG_BYTES; i++)
		pair.frags[i] = i * 251 >> 4;
}

static void test_by_reference(void)
{
	static const struct coloop_part parts[] = {
		{4090, 10}, {0, 1}, {PAIR_FRAG_BYTES - 9000, 9000}, {4096, 4096}, {77, 12345}, {77, 12345},
	};
	static const u32 steps[] = {1, 7, 4096, COLOOP_FRAME_MAX};
	struct coloop_record record = {.len = 54 + 10 + 1 + 9000 + 4096 + 2 * 12345,
				       .hdr_len = 54, .parts = 6};

	fill_frags();
	for each_start(start) {
		pair_reset(&pair, start);
		for (u32 i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			put_parts(&record, parts);
			expect(pair.tx.prod - pair.rx.cons == 16 + 112);
			expect(take_parts(parts, steps[i]));
		}
	}
}

/* Sixteen parts, as long a frame as there is, and the longest headers. */
static void test_largest_reference(void)
{
	struct coloop_record record = {.len = COLOOP_FRAME_MAX, .hdr_len = COLOOP_PARTS_HEAD_MAX,
				       .parts = COLOOP_PARTS_MAX};
	struct coloop_part parts[COLOOP_PARTS_MAX];

	for (u32 i = 0; i < COLOOP_PARTS_MAX; i++)
		parts[i] = (struct coloop_part){i * 4099, (COLOOP_FRAME_MAX - 256) / 16};
	fill_frags();
	pair_reset(&pair, -16);
	put_parts(&record, parts);
	expect(take_parts(parts, 32768));

	record = large(COLOOP_LARGE_MAX);
	record.parts = COLOOP_PARTS_MAX;
	record.hdr_len = COLOOP_PARTS_HEAD_MAX;
	for (u32 i = 0; i < COLOOP_PARTS_MAX; i++)
		parts[i] = (struct coloop_part){i * 4099 % 30000, (COLOOP_LARGE_MAX - 256) / 16};
	put_parts(&record, parts);
	expect(take_parts(parts, 32768));
}

/* A frame of 1054 bytes with headers of 54. */
static const struct lie {
	const char *what;
	u32 count;
	struct coloop_part part[3];
	bool ok;
} lies[] = {
	{"one part", 1, {{0, 1000}}, true},
	{"the last bytes", 1, {{PAIR_FRAG_BYTES - 1000, 1000}}, true},
	{"two parts", 2, {{5, 999}, {PAIR_FRAG_BYTES - 1, 1}}, true},
	{"the same bytes again", 2, {{5, 500}, {5, 500}}, true},
	{"one byte less", 1, {{0, 999}}, false},
	{"one byte more", 1, {{0, 1001}}, false},
	{"parts that lack one together", 2, {{0, 500}, {500, 499}}, false},
	{"parts with one too many", 2, {{0, 500}, {500, 501}}, false},
	{"an empty part", 2, {{0, 1000}, {0, 0}}, false},
	{"an empty part before", 2, {{0, 0}, {0, 1000}}, false},
	{"a part after all is said", 2, {{0, 1000}, {0, 1}}, false},
	{"one byte beyond what is granted", 1, {{PAIR_FRAG_BYTES - 999, 1000}}, false},
	{"behind what is granted", 1, {{PAIR_FRAG_BYTES, 1000}}, false},
	{"the highest place", 1, {{0xffffffff, 1000}}, false},
	{"an end that wraps", 1, {{0xffffffff - 998, 1000}}, false},
	{"the longest part", 1, {{0, 0xffffffff}}, false},
	{"lengths that wrap together", 2, {{0, 0xffffffff}, {0, 1001}}, false},
	{"lengths that wrap to the right sum", 3, {{0, 0x80000000}, {0, 0x80000000}, {0, 1000}}, false},
	{"a good part, then a bad one", 2, {{0, 500}, {PAIR_FRAG_BYTES - 1, 500}}, false},
};

static void test_malformed_parts(void)
{
	for each_start(start) {
		for (u32 i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
			struct coloop_record got, record = {.len = 1054, .hdr_len = 54,
							    .parts = lies[i].count};
			u32 lie;

			pair_reset(&pair, start);
			put_parts(&record, lies[i].part);
			expect_row(lies[i].what, coloop_rx_next(&pair.rx, &got, &lie) ==
				   (lies[i].ok ? 1 : -EBADMSG));
			expect_row(lies[i].what, pair.rx.cons == start);
		}
	}
}

/* What is mapped later may be referred to later; before anything is, nothing may. */
static void test_foreign_grows(void)
{
	struct coloop_record got, record = {.len = 154, .hdr_len = 54, .parts = 1};
	struct coloop_part part = {4096 - 50, 100};
	u32 lie;

	pair_reset(&pair, 0);
	put_parts(&record, &part);
	for (u32 size = 0; size <= 4096; size += 4096) {
		pair.foreign.size = size;
		expect(coloop_rx_next(&pair.rx, &got, &lie) == -EBADMSG && lie == part.at);
	}
	pair.foreign.size = 8192;
	expect(coloop_rx_next(&pair.rx, &got, &lie) == 1);
	pair.rx.foreign = NULL;
	expect(coloop_rx_next(&pair.rx, &got, &lie) == -EBADMSG);
	pair.rx.foreign = &pair.foreign;
}

/* The parts have to be covered by the index, too. */
static void test_parts_past_prod(void)
{
	struct coloop_record got, record = {.len = 54 + 200, .hdr_len = 54, .parts = 2};
	struct coloop_part parts[] = {{0, 100}, {100, 100}};
	u32 lie;

	for (u32 covered = 16; covered < 96; covered += 16) {
		pair_reset(&pair, -32);
		put_parts(&record, parts);
		pair.tx.own->prod = -32 + covered;
		expect(coloop_rx_next(&pair.rx, &got, &lie) == -EBADMSG);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{"empty ring", test_empty},
		{"full ring", test_full},
		{"exactly full ring", test_exactly_full},
		{"records across the ends of page, ring and index", test_edges},
		{"a record copied in parts", test_parts},
		{"room that a frame takes", test_record_size},
		{"data event", test_notify},
		{"room event", test_room_event},
		{"lying producer", test_lying_prod},
		{"lying consumer", test_lying_cons},
		{"record longer than what is there", test_record_past_prod},
		{"lie behind a good record", test_late_lie},
		{"malformed records", test_record_fields},
		{"records that are longer than IP can say", test_large_fields},
		{"the largest record, copied", test_large_copied},
		{"records by reference", test_by_reference},
		{"the largest record by reference", test_largest_reference},
		{"malformed parts", test_malformed_parts},
		{"frag pages grow", test_foreign_grows},
		{"parts beyond what is there", test_parts_past_prod},
	};

	pair_open(&pair, ORDER, 0);
	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
