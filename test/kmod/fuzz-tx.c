// SPDX-License-Identifier: GPL-2.0
/*
 * The producer of kmod/ring.c, and the window of its datagrams, against a hostile consumer.  The
 * input is what the consumer says in its control page, also between any two reads of ours, and
 * what we are asked to send.
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
#include "window.h"

enum { ORDER = 5, SIZE = COLOOP_PAGE_SIZE << ORDER };

static struct pair pair;
static struct coloop_window window;
static u8 frame[COLOOP_FRAME_MAX];
static const u8 *input;
static size_t left;
static bool acting;

static void must(bool held)
{
	if (!held)
		abort();
}

static u32 operand(u32 bytes)
{
	u32 value = 0;

	while (bytes-- && left) {
		value = value << 8 | *input++;
		left--;
	}
	return value;
}

static void peer_acts(const void *address)
{
	struct coloop_control *page = pair.rx.own;
	u8 what;

	(void)address;
	if (!acting || !left)
		return;
	what = input[--left];
	if (what & 0x80)
		page->cons += what & 0x40 ? -(what & 0x3f) : 16 * (what & 0x3f);
	else if (what & 0x40)
		page->prod_event = pair.tx.notified + (what & 0x3f);
}

/* A frame goes in only where there is room, and comes to lie where the index says. */
static void put(u32 len, bool datagram)
{
	struct coloop_tx *tx = &pair.tx;
	struct coloop_record record = {.len = len};
	u32 before = tx->prod;

	if (!coloop_tx_fits(tx, len))
		return;
	must(tx->prod - tx->cons + coloop_record_size(len) <= SIZE);
	pair_put(&pair, &record, frame);
	must(tx->prod - before == coloop_record_size(len) && tx->own->prod == tx->prod);
	must(!memcmp(tx->data + (before & (SIZE - 1)), &record, sizeof(record)));
	must(!memcmp(tx->data + (before & (SIZE - 1)) + 16, frame, len));
	if (datagram)
		coloop_window_add(&window, tx->prod, len + 512);
}

/* False: the peer was caught. */
static bool look(void)
{
	struct coloop_tx *tx = &pair.tx;
	u32 last = tx->cons, lie = 0;
	bool honest = coloop_tx_look(tx, &lie);

	must(tx->prod - tx->cons <= SIZE && tx->prod - tx->cons <= tx->prod - last);
	if (honest)
		coloop_window_release(&window, tx->cons);
	else
		must(tx->cons == last && lie - last > tx->prod - last);
	if (tx->cons == tx->prod)
		must(!window.held && !window.count);
	return honest;
}

static void ask_for_room(u32 len)
{
	struct coloop_tx *tx = &pair.tx;
	u32 mark = tx->prod + coloop_record_size(len) - SIZE;

	if (coloop_tx_fits(tx, len))
		return;
	coloop_tx_arm(tx, mark);
	must(tx->own->cons_event == mark && mark - tx->cons <= tx->prod - tx->cons);
	if (window.held > 1000)
		must(coloop_window_mark(&window, 1000) - tx->cons <= tx->prod - tx->cons);
}

static bool step(u8 what)
{
	struct coloop_control *page = pair.rx.own;

	switch (what % 8) {
	case 0:
		page->cons = operand(4);
		break;
	case 1:
		page->cons += 16 * operand(1);
		break;
	case 2:
		page->prod_event = operand(4);
		break;
	case 3:
		put(14 + operand(1), what & 0x80);
		break;
	case 4:
		put(14 + operand(2), what & 0x80);
		break;
	case 5:
		return look();
	case 6:
		coloop_tx_must_notify(&pair.tx);
		must(pair.tx.notified == pair.tx.prod);
		break;
	case 7:
		ask_for_room(14 + operand(2));
		break;
	}
	return true;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	pair_open(&pair, ORDER, 0);
	for (u32 i = 0; i < sizeof(frame); i++)
		frame[i] = i * 251 >> 3;
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	input = data;
	left = size;
	pair_reset(&pair, operand(4) & ~15u);
	window = (struct coloop_window){};
	acting = true;
	while (left && step(operand(1)))
		;
	acting = false;
	return 0;
}
