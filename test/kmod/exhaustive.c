// SPDX-License-Identifier: GPL-2.0
/*
 * Every ring there can be with 8-bit indices.  The indices of ring.c are 32 bits wide; numbers
 * with only their top 8 bits set add, subtract and wrap as 8-bit numbers do, so the code under
 * test stays as it is.
 */

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

int main(void)
{
	static const struct test tests[] = {
		{"8-bit: threshold crossed, all 2^24", test_crossed},
		{"8-bit: consumer's index, all 2^24", test_tx_look},
		{"8-bit: room, all 2^24 at 8 sizes", test_tx_fits},
		{"8-bit: producer's index, all 2^16 at 8 sizes", test_rx_look},
	};

	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
