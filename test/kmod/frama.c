// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/ring.c, control.h and offload.h for Frama-C's EVA, which looks at all values at once.  What a
 * peer writes is volatile: every read of it may be any number.  Our own ends are what the checks
 * leave them: the assumptions are written out here, as few as there are.
 */

#include "__fc_builtin.h"

/* The compilers check these; Frama-C does not parse them. */
#define static_assert(...) extern int coloop_asserted
#define likely(x) (x)
#define unlikely(x) (x)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define virt_load_acquire(address) (*(const volatile __typeof__(*(address)) *)(address))
#define smp_load_acquire(address) virt_load_acquire(address)
#define virt_store_release(address, value) \
	(*(volatile __typeof__(*(address)) *)(address) = (value))
#define virt_mb() ((void)0)
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define clamp_t(type, value, low, high) \
	((type)(value) < (low) ? (type)(low) : (type)(value) > (high) ? (type)(high) : (type)(value))

#include "wire.h"
#include "control.h"
#include "offload.h"
#include "../../kmod/ring.c"

enum { ORDER = 5, PAGES = 1 << ORDER, SIZE = COLOOP_PAGE_SIZE << ORDER };

static struct coloop_control own;
static volatile struct coloop_control peer;
static u8 pages[PAGES][COLOOP_PAGE_SIZE] __attribute__((aligned(16)));
static const u8 *page_table[PAGES];
/* Only their number is looked at before a record is believed. */
static volatile struct coloop_foreign_pages foreign;
/* Our own ring, twice in a row. */
static u8 ring[2 * SIZE] __attribute__((aligned(16)));
static u8 frame[COLOOP_LARGE_MAX];

static u32 any(void)
{
	return (u32)Frama_C_unsigned_int_interval(0, 0xffffffffu);
}

/* The peer's ring, with anything in it. */
static void any_ring(void)
{
	for (u32 i = 0; i < PAGES; i++) {
		page_table[i] = pages[i];
		Frama_C_make_unknown((char *)pages[i], COLOOP_PAGE_SIZE);
	}
}

/*
 * Parts of a record by reference are checked here, not copied (coloop_rx_gather): EVA keeps no sum of
 * several, so fuzz-record does that.
 */
static void receive(void)
{
	struct coloop_rx rx = {
		.own = &own,
		.peer = (const struct coloop_control *)&peer,
		.pages = page_table,
		.size = SIZE,
		.foreign = (const struct coloop_foreign_pages *)&foreign,
	};
	struct coloop_record record;
	u32 lie;

	any_ring();
	/* The consumer's index is a multiple of 16: it only ever moves by coloop_record_size(). */
	rx.cons = any() & ~15u;
	rx.prod = rx.cons;
	rx.published = any();
	if (coloop_rx_next(&rx, &record, &lie) == 1) {
		u32 head = coloop_record_head(&record);

		//@ assert head_within: 14 <= head <= 1536;
		//@ assert length_bounded: 14 <= record.len <= 262144;
		coloop_rx_copy(&rx, frame, 0, head);
		if (record.parts)
			coloop_rx_copy(&rx, frame, record.parts * sizeof(struct coloop_part), head);
		else
			coloop_rx_copy(&rx, frame, 0, record.len);
		coloop_record_offloads(&record);
		coloop_rx_skip(&rx, coloop_record_body(&record));
	}
	coloop_rx_publish(&rx);
	coloop_rx_arm(&rx);
}

static void transmit(void)
{
	struct coloop_tx tx = {
		.own = &own,
		.peer = (const struct coloop_control *)&peer,
		.data = ring,
		.size = SIZE,
	};
	struct coloop_record record = {};
	u32 lie;

	tx.prod = any() & ~15u;
	tx.cons = any();
	tx.notified = any();
	record.len = (u32)Frama_C_unsigned_int_interval(COLOOP_FRAME_MIN, COLOOP_FRAME_MAX);
	coloop_tx_look(&tx, &lie);
	if (coloop_tx_fits(&tx, record.len)) {
		memcpy(coloop_tx_begin(&tx, &record), frame, record.len);
		coloop_tx_commit(&tx, record.len);
	}
	coloop_tx_must_notify(&tx);
	coloop_tx_arm(&tx, any());
}

static void attach(void)
{
	struct coloop_geometry copy;

	if (coloop_control_read((const struct coloop_control *)&peer, any(), &copy) ==
	    COLOOP_CONTROL_OK) {
		//@ assert order_bounded: 5 <= copy.order <= 9;
		//@ assert all_read: \initialized(&copy.refs[0 .. 31]);
	}
}

int main(void)
{
	receive();
	transmit();
	attach();
	return 0;
}
