// SPDX-License-Identifier: GPL-2.0
/* Cases of kmod/budget.h; another peer takes at the worst moment, right after the look. */

#include "expect.h"
#include <linux/atomic.h>

static int taken_meanwhile;

#undef atomic_read
#define atomic_read(v) ({			\
	int _value = (v)->counter;		\
	(v)->counter += taken_meanwhile;	\
	taken_meanwhile = 0;			\
	_value;					\
})

#include "budget.h"

#define LIMIT 7

static void test_all(void)
{
	atomic_t held = ATOMIC_INIT(0);

	expect(coloop_budget_take(&held, 3, LIMIT, 1));
	expect(!coloop_budget_take(&held, 5, LIMIT, 1));
	expect(atomic_read(&held) == 3);
	expect(coloop_budget_take(&held, 4, LIMIT, 1));
	expect(!coloop_budget_take(&held, 1, LIMIT, 1));
	atomic_sub(2, &held);
	expect(coloop_budget_take(&held, 1, LIMIT, 1));
	expect(atomic_read(&held) == 6);
}

/* Half of what is left: 8, 4, 2, 1, and then 1 is too much. */
static void test_part(void)
{
	atomic_t held = ATOMIC_INIT(0);
	int size;

	for (size = 8; size; size /= 2) {
		expect(!coloop_budget_take(&held, size + 1, 16, 2));
		expect(coloop_budget_take(&held, size, 16, 2));
	}
	expect(!coloop_budget_take(&held, 1, 16, 2));
}

/* After a resume the limit may be lower than what is held. */
static void test_shrunk(void)
{
	atomic_t held = ATOMIC_INIT(LIMIT + 1);

	expect(!coloop_budget_take(&held, 1, LIMIT, 1));
	expect(!coloop_budget_take(&held, 1, LIMIT, 2));
	expect(atomic_read(&held) == LIMIT + 1);
}

static void test_race(void)
{
	atomic_t held = ATOMIC_INIT(0);

	taken_meanwhile = 5;
	expect(!coloop_budget_take(&held, 3, LIMIT, 1));
	expect(held.counter == 5);
	taken_meanwhile = 1;
	expect(coloop_budget_take(&held, 1, LIMIT, 1));
	expect(held.counter == LIMIT);
}

int main(void)
{
	static const struct test tests[] = {
		{"all or nothing", test_all},
		{"half of what is left", test_part},
		{"a limit below what is held", test_shrunk},
		{"others take meanwhile", test_race},
	};

	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
