// SPDX-License-Identifier: GPL-2.0
/*
 * A random run of both ends in one thread against a model that counts in 64 bits and never wraps:
 * every answer of ring.c is known beforehand.
 */

#include <linux/minmax.h>
#include <string.h>
#include <stdlib.h>

#include "expect.h"
#include "pair.h"
#include "random.h"

enum { ORDER = 5, SIZE = COLOOP_PAGE_SIZE << ORDER, LINES = SIZE / 16 };

/* The true state of both ends. */
struct model {
	u64 prod, prod_told;		/* put in; when last considered for an event */
	u64 seen;			/* cons as the producer knows it */
	u64 taken, cons;		/* taken; and published */
	u64 want, wait;			/* thresholds */
	struct coloop_record sent[LINES];	/* by number of the record */
	u32 first, next;		/* numbers: oldest in the ring, next one put */
};

static struct pair pair;
static u8 pool[2 * COLOOP_FRAME_MAX], copy[COLOOP_FRAME_MAX];

static u64 size_of(u32 len)
{
	return 16 + (len + 15) / 16 * 16;
}

static struct coloop_record random_record(u64 *seed)
{
	static const u8 types[] = {0, 0, 1, 3, 4, 5, 0x81, 0x84};
	u32 longest = random_below(seed, 8) ? 300 : COLOOP_FRAME_MAX - 13;
	struct coloop_record r = {.len = COLOOP_FRAME_MIN + random_below(seed, longest)};

	r.gso_type = types[random_below(seed, 8)];
	r.gso_size = r.gso_type ? 1 + random_below(seed, 65535) : 0;
	r.hdr_len = random_below(seed, min_t(u32, r.len, 65535) + 1);
	r.flags = random_below(seed, 4);
	if (r.flags & COLOOP_NEEDS_CSUM && r.len < 16)
		r.flags = 0;
	if (r.flags & COLOOP_NEEDS_CSUM) {
		r.csum_start = 14 + random_below(seed, min_t(u32, r.len - 15, 60000));
		r.csum_offset = random_below(seed, min_t(u32, r.len - r.csum_start - 1, 65536));
	}
	return r;
}

/* Sent again, a frame with this number has the same bytes. */
static const u8 *frame_of(u32 number)
{
	return pool + number * 13 % COLOOP_FRAME_MAX;
}

static void step_put(struct model *m, u64 *seed)
{
	struct coloop_record r = random_record(seed);
	bool fits = m->prod + size_of(r.len) - m->seen <= SIZE;

	expect(coloop_tx_fits(&pair.tx, r.len) == fits);
	if (!fits)
		return;
	pair_put(&pair, &r, frame_of(m->next));
	m->sent[m->next++ % LINES] = r;
	m->prod += size_of(r.len);
}

static void step_look(struct model *m)
{
	u32 lie;

	expect(coloop_tx_look(&pair.tx, &lie));
	m->seen = m->cons;
	expect(pair.tx.cons == (u32)m->seen && pair.tx.prod == (u32)m->prod);
}

static void step_notify(struct model *m)
{
	bool crossed = m->wait > m->prod_told && m->wait <= m->prod;

	expect(coloop_tx_must_notify(&pair.tx) == crossed);
	m->prod_told = m->prod;
}

static void step_want(struct model *m, u64 *seed)
{
	m->want = m->seen + random_below(seed, m->prod - m->seen + 1);
	coloop_tx_arm(&pair.tx, m->want);
}

static void step_take(struct model *m)
{
	const struct coloop_record *sent = &m->sent[m->first % LINES];
	struct coloop_record r;
	u32 lie;
	int got = coloop_rx_next(&pair.rx, &r, &lie);

	expect(got == (m->taken != m->prod));
	if (got != 1)
		return;
	expect(!memcmp(&r, sent, sizeof(r)));
	coloop_rx_copy(&pair.rx, copy, 0, r.len);
	expect(!memcmp(copy, frame_of(m->first), r.len));
	coloop_rx_skip(&pair.rx, r.len);
	m->taken += size_of(r.len);
	m->first++;
}

static void step_publish(struct model *m)
{
	bool crossed = m->want > m->cons && m->want <= m->taken;

	expect(coloop_rx_publish(&pair.rx) == crossed);
	m->cons = m->taken;
}

static void step_wait(struct model *m)
{
	expect(coloop_rx_is_empty(&pair.rx) == (m->prod == m->taken));
	expect(coloop_rx_arm(&pair.rx) == (m->prod != m->taken));
	m->wait = m->taken + 1;
}

static void step(struct model *m, u64 *seed)
{
	u32 die = random_below(seed, 100);

	if (die < 35)
		step_put(m, seed);
	else if (die < 70)
		step_take(m);
	else if (die < 80)
		step_look(m);
	else if (die < 90)
		step_publish(m);
	else if (die < 94)
		step_notify(m);
	else if (die < 97)
		step_want(m, seed);
	else
		step_wait(m);
}

static void run_from(u32 start, u64 seed)
{
	u64 at = (1ull << 32) + start;
	struct model m = {.prod = at, .prod_told = at, .seen = at, .taken = at, .cons = at,
			  .want = at, .wait = at};

	pair_reset(&pair, start);
	for (u32 i = 0; i < 200000; i++)
		step(&m, &seed);
	/* The run went round the ring often enough to mean something. */
	expect(m.prod - at > 100ull * SIZE);
}

static void test_random(void)
{
	u64 seed = 7;

	for (u32 i = 0; i < sizeof(pool); i++)
		pool[i] = random_next(&seed);
	for (u32 i = 0; i < 8; i++)
		run_from((i << 29) - 16 * random_below(&seed, 2 * LINES), seed + i);
}

int main(void)
{
	static const struct test tests[] = {{"random run against the model", test_random}};

	pair_open(&pair, ORDER, 0);
	return run_tests(tests, 1);
}
