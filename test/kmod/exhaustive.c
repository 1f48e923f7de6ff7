// SPDX-License-Identifier: GPL-2.0
/*
 * Every ring there can be with 8-bit indices.  The indices of ring.c are 32 bits wide; numbers
 * with only their top 8 bits set add, subtract and wrap as 8-bit numbers do, so the code under
 * test stays as it is.
 */

#include <string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "pair.h"

enum { SHIFT = 24 };

static u32 wide(u8 narrow)
{
	return (u32)narrow << SHIFT;
}

static void test_crossed(void)
{
	for (u32 i = 0; i < 1 << 24; i++) {
		u8 mark = i, old = i >> 8, new = i >> 16;
		u8 to_mark = mark - old, moved = new - old;
		bool crossed = to_mark >= 1 && to_mark <= moved;

		if (coloop_crossed(wide(mark), wide(old), wide(new)) != crossed)
			expect(!"coloop_crossed");
	}
	expect(true);
}

/* Does the peer's cons lie?  All of (last cons, prod, cons that it says). */
static void test_tx_look(void)
{
	struct coloop_control page = {};
	struct coloop_tx tx = {.peer = &page};
	u32 lie;

	for (u32 i = 0; i < 1 << 24; i++) {
		u8 last = i, prod = i >> 8, said = i >> 16;
		u8 taken = said - last, there = prod - last;
		bool honest = taken <= there;

		tx.cons = wide(last);
		tx.prod = wide(prod);
		page.cons = wide(said);
		if (coloop_tx_look(&tx, &lie) != honest ||
		    tx.cons != wide(honest ? said : last))
			expect(!"coloop_tx_look");
	}
	expect(true);
}

/* Is there room?  All of (prod, cons, bytes of the record), for every size of ring. */
static void test_tx_fits(void)
{
	for (u32 order = 0; order < 8; order++) {
		u32 size = 1 << order;
		struct coloop_tx tx = {.size = wide(size)};

		for (u32 i = 0; i < 1 << 24; i++) {
			u8 cons = i, used = i >> 8, wants = i >> 16;

			if (used > size || !wants)
				continue;
			tx.cons = wide(cons);
			tx.prod = wide(cons + used);
			if (coloop_tx_fits(&tx, wide(wants) - 16) != (used + wants <= size))
				expect(!"coloop_tx_fits");
		}
	}
	expect(true);
}

/* Does the peer's prod lie?  All of (cons, prod that it says), for every size of ring. */
static void test_rx_look(void)
{
	static const u8 page[COLOOP_PAGE_SIZE] __attribute__((aligned(4096)));
	struct coloop_control peer = {};
	struct coloop_record record;
	u32 lie;

	for (u32 order = 0; order < 8; order++) {
		u32 count = 1 << (order + SHIFT - 12);
		const u8 **pages = calloc(count, sizeof(*pages));
		struct coloop_rx rx = {.peer = &peer, .pages = pages, .size = wide(1 << order)};

		if (!expect(pages))
			return;
		for (u32 i = 0; i < count; i++)
			pages[i] = page;
		for (u32 i = 0; i < 1 << 16; i++) {
			u8 cons = i, said = i >> 8, used = said - cons;
			/* All records in this ring are empty, hence not well formed. */
			int right = used > 1 << order ? -EPROTO : used ? -EBADMSG : 0;

			rx.cons = rx.prod = wide(cons);
			peer.prod = wide(said);
			if (coloop_rx_next(&rx, &record, &lie) != right)
				expect(!"coloop_rx_next");
		}
		free(pages);
	}
	expect(true);
}

/* The room event: all of (told, cons, the peer's want). */
static void test_rx_publish(void)
{
	struct coloop_control own = {}, peer = {};
	struct coloop_rx rx = {.own = &own, .peer = &peer};

	for (u32 i = 0; i < 1 << 24; i++) {
		u8 told = i, cons = i >> 8, want = i >> 16;
		u8 moved = cons - told, to_want = want - told;
		bool event = moved && to_want >= 1 && to_want <= moved;

		rx.published = wide(told);
		rx.cons = wide(cons);
		peer.cons_event = wide(want);
		if (coloop_rx_publish(&rx) != event || rx.published != wide(cons) ||
		    (moved && own.cons != wide(cons)))
			expect(!"coloop_rx_publish");
	}
	expect(true);
}

/* The data event: all of (told, prod, the peer's wait). */
static void test_tx_must_notify(void)
{
	struct coloop_control peer = {};
	struct coloop_tx tx = {.peer = &peer};

	for (u32 i = 0; i < 1 << 24; i++) {
		u8 told = i, prod = i >> 8, wait = i >> 16;
		u8 moved = prod - told, to_wait = wait - told;

		tx.notified = wide(told);
		tx.prod = wide(prod);
		peer.prod_event = wide(wait);
		if (coloop_tx_must_notify(&tx) != (to_wait >= 1 && to_wait <= moved) ||
		    tx.notified != wide(prod))
			expect(!"coloop_tx_must_notify");
	}
	expect(true);
}

/* Of every kind of record a good one and what is nearest to it and bad. */
static const struct {
	struct coloop_record record;
	bool good;
} kinds[] = {
	{{.len = 14}, true},
	{{.len = 13}, false},
	{{.len = COLOOP_FRAME_MAX}, true},
	{{.len = COLOOP_FRAME_MAX + 1}, false},
	{{.len = 60, .flags = COLOOP_DATA_VALID}, true},
	{{.len = 60, .flags = 4}, false},
	{{.len = 60, .flags = COLOOP_NEEDS_CSUM, .csum_start = 42, .csum_offset = 16}, true},
	{{.len = 60, .flags = COLOOP_NEEDS_CSUM, .csum_start = 43, .csum_offset = 16}, false},
	{{.len = 60, .flags = COLOOP_NEEDS_CSUM, .csum_start = 13, .csum_offset = 16}, false},
	{{.len = 60, .csum_start = 42}, false},
	{{.len = 60, .hdr_len = 60}, true},
	{{.len = 60, .hdr_len = 61}, false},
	{{.len = 3000, .gso_type = COLOOP_GSO_TCPV4, .gso_size = 1448}, true},
	{{.len = 3000, .gso_type = COLOOP_GSO_TCPV4 | COLOOP_GSO_ECN, .gso_size = 1448}, true},
	{{.len = 3000, .gso_type = COLOOP_GSO_TCPV4}, false},
	{{.len = 3000, .gso_type = COLOOP_GSO_TCPV6, .gso_size = 1428}, true},
	{{.len = 3000, .gso_type = COLOOP_GSO_TCPV6 | COLOOP_GSO_ECN, .gso_size = 1428}, true},
	{{.len = 3000, .gso_type = COLOOP_GSO_UDP, .gso_size = 1480}, true},
	{{.len = 3000, .gso_type = COLOOP_GSO_UDP | COLOOP_GSO_ECN, .gso_size = 1480}, false},
	{{.len = 3000, .gso_type = COLOOP_GSO_UDP_L4, .gso_size = 1400}, true},
	{{.len = 3000, .gso_type = 2, .gso_size = 1448}, false},
	{{.len = 3000, .gso_size = 1448}, false},
	{{.len = 60, .parts = 1}, false},
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* The next record: all of (cons, prod that the peer says), times every kind, in every ring. */
static void test_rx_next(void)
{
	static u8 page[COLOOP_PAGE_SIZE] __attribute__((aligned(4096)));
	static const u8 *pages[1 << (7 + SHIFT - 12)];
	struct coloop_control peer = {};
	struct coloop_record record;
	u32 lie;

	for (u32 i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		pages[i] = page;
	for (u32 i = 0; i < 8 * KINDS << 16; i++) {
		u32 kind = (i >> 16) / 8, order = (i >> 16) % 8;
		struct coloop_rx rx = {.peer = &peer, .pages = pages, .size = wide(1 << order)};
		u8 cons = i, said = i >> 8, used = said - cons;
		int right = used > 1 << order ? -EPROTO : !used ? 0 :
			    kinds[kind].good ? 1 : -EBADMSG;

		memcpy(page, &kinds[kind].record, sizeof(record));
		rx.cons = rx.prod = wide(cons);
		peer.prod = wide(said);
		if (coloop_rx_next(&rx, &record, &lie) != right ||
		    (right == 1 && memcmp(&record, page, sizeof(record))))
			expect(!"coloop_rx_next");
	}
	expect(true);
}

/* Is there data after all?  All of (cons, prod that the peer says). */
static void test_rx_arm(void)
{
	struct coloop_control own = {}, peer = {};
	struct coloop_rx rx = {.own = &own, .peer = &peer};

	for (u32 i = 0; i < 1 << 16; i++) {
		u8 cons = i, said = i >> 8;

		rx.cons = wide(cons);
		peer.prod = wide(said);
		if (coloop_rx_is_empty(&rx) != (cons == said) ||
		    coloop_rx_arm(&rx) != (cons != said) || own.prod_event != wide(cons) + 1)
			expect(!"coloop_rx_arm");
	}
	expect(true);
}

int main(void)
{
	static const struct test tests[] = {
		{"8-bit: threshold crossed, all 2^24", test_crossed},
		{"8-bit: consumer's index, all 2^24", test_tx_look},
		{"8-bit: room, all 2^24 at 8 sizes", test_tx_fits},
		{"8-bit: producer's index, all 2^16 at 8 sizes", test_rx_look},
		{"8-bit: room event, all 2^24", test_rx_publish},
		{"8-bit: data event, all 2^24", test_tx_must_notify},
		{"8-bit: next record, all 2^16 at 8 sizes, 23 kinds of record", test_rx_next},
		{"8-bit: last look, all 2^16", test_rx_arm},
	};

	static_assert(KINDS == 23);
	/* Of the room's 8 * 2^24 not all are rings: a size has 256 * (size + 1) * 255 of them. */
	printf("%u states and records\n", 4 * (1u << 24) + 256 * 255 * (255 + 8) +
	       8 * (1 + KINDS) * (1u << 16) + (1u << 16));

	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
