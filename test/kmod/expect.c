// SPDX-License-Identifier: GPL-2.0

#include <stdio.h>

#include "expect.h"

enum { FAILURES_SHOWN = 10 };

static unsigned long checks, failures;

bool expect_at(bool held, const char *text, const char *row, const char *file, int line)
{
	/* Tests may have threads. */
	__atomic_add_fetch(&checks, 1, __ATOMIC_RELAXED);
	if (!held && __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < FAILURES_SHOWN)
		printf("%s:%d: %s%s%s\n", file, line, row, *row ? ": " : "", text);
	return held;
}

int run_tests(const struct test *tests, size_t count)
{
	unsigned int passed = 0;

	for (size_t i = 0; i < count; i++) {
		checks = failures = 0;
		tests[i].run();
		printf("%-4s %s (%lu checks)\n", failures ? "FAIL" : "ok", tests[i].name, checks);
		fflush(stdout);
		passed += !failures;
	}
	printf("%u passed, %zu failed\n", passed, count - passed);
	return passed != count;
}
