// SPDX-License-Identifier: GPL-2.0
/* Cases of kmod/window.h, and a random run against one mark for every datagram. */

#include <stdlib.h>

#include "expect.h"
#include "random.h"
#include "window.h"

enum { MARKS = COLOOP_WINDOW_MARKS };

static const u32 starts[] = {0, 0x7ffffff0, 0x80000000, -64, -16 * MARKS};

static void test_empty(void)
{
	struct coloop_window w = {};

	coloop_window_release(&w, 0x12345678);
	expect(!w.held && !w.count);
}

static void test_release(void)
{
	for (u32 i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct coloop_window w = {};
		u32 at = starts[i];

		coloop_window_add(&w, at + 100, 10);
		coloop_window_add(&w, at + 200, 20);
		coloop_window_add(&w, at + 300, 30);
		coloop_window_release(&w, at);
		expect(w.held == 60);
		coloop_window_release(&w, at + 99);
		expect(w.held == 60);
		coloop_window_release(&w, at + 100);
		expect(w.held == 50);
		coloop_window_release(&w, at + 299);
		expect(w.held == 30 && w.count == 1);
		coloop_window_release(&w, at + 300);
		expect(!w.held && !w.count);
	}
}

static void test_mark(void)
{
	for (u32 i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct coloop_window w = {};
		u32 at = starts[i];

		coloop_window_add(&w, at + 100, 10);
		coloop_window_add(&w, at + 200, 20);
		coloop_window_add(&w, at + 300, 30);
		expect(coloop_window_mark(&w, 59) == at + 100);
		expect(coloop_window_mark(&w, 50) == at + 100);
		expect(coloop_window_mark(&w, 49) == at + 200);
		expect(coloop_window_mark(&w, 30) == at + 200);
		expect(coloop_window_mark(&w, 29) == at + 300);
		expect(coloop_window_mark(&w, 0) == at + 300);
	}
}

/* More datagrams than marks: the newest run grows, what it holds comes back with its end. */
static void test_merge(void)
{
	for (u32 i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct coloop_window w = {};
		u32 at = starts[i];

		for (u32 n = 1; n <= 3 * MARKS; n++)
			coloop_window_add(&w, at + 16 * n, 1);
		expect(w.held == 3 * MARKS && w.count == MARKS);
		coloop_window_release(&w, at + 16 * (MARKS - 1));
		expect(w.held == 2 * MARKS + 1 && w.count == 1);
		coloop_window_release(&w, at + 16 * 3 * MARKS - 1);
		expect(w.held == 2 * MARKS + 1);
		coloop_window_add(&w, at + 16 * 3 * MARKS + 16, 5);
		expect(w.count == 2);
		coloop_window_release(&w, at + 16 * 3 * MARKS);
		expect(w.held == 5);
		coloop_window_release(&w, at + 16 * 3 * MARKS + 16);
		expect(!w.held && !w.count);
	}
}

/* What a window would hold with as many marks as there are datagrams. */
struct model {
	struct { u64 end; u32 cost; } list[4096];
	u32 first, count;
	u64 prod, cons, held;
};

static void model_release(struct model *m)
{
	while (m->count && m->list[m->first % 4096].end <= m->cons) {
		m->held -= m->list[m->first++ % 4096].cost;
		m->count--;
	}
}

static void random_step(struct coloop_window *w, struct model *m, u64 *seed)
{
	if (m->count < 4096 && random_below(seed, 100) < 55) {
		u32 cost = 1 + random_below(seed, 4000);

		m->prod += 16 + random_below(seed, 500);
		m->list[(m->first + m->count++) % 4096].end = m->prod;
		m->list[(m->first + m->count - 1) % 4096].cost = cost;
		m->held += cost;
		coloop_window_add(w, m->prod, cost);
		/* Other traffic passes without a mark. */
		m->prod += random_below(seed, 3) ? 0 : random_below(seed, 3000);
	} else {
		m->cons += random_below(seed, m->prod - m->cons + 1);
		model_release(m);
		coloop_window_release(w, m->cons);
	}
}

static void test_random(void)
{
	u64 seed = 1;

	for (u32 run = 0; run < 200; run++) {
		u64 start = (u64)run * 0x20000000 - 0x10000 + (1ull << 32);
		struct model m = {.prod = start, .cons = start};
		struct coloop_window w = {};

		for (u32 i = 0; i < 2000; i++) {
			random_step(&w, &m, &seed);
			/* Never given back early, and all of it once the ring is empty. */
			if (!expect(w.held >= m.held && !w.count == !w.held))
				return;
			if (m.cons == m.prod)
				expect(!w.held);
			if (w.held) {
				u32 goal = random_below(&seed, w.held);
				struct coloop_window after = w;
				u32 mark = coloop_window_mark(&w, goal);

				coloop_window_release(&after, mark - 1);
				expect(after.held > goal);
				coloop_window_release(&after, mark);
				expect(after.held <= goal);
				/* A mark beyond prod would be waited for without end. */
				expect(mark - (u32)m.cons <= (u32)(m.prod - m.cons));
			}
		}
	}
}

int main(void)
{
	static const struct test tests[] = {
		{"empty window", test_empty},
		{"release", test_release},
		{"mark", test_mark},
		{"more datagrams than marks", test_merge},
		{"random run", test_random},
	};

	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
