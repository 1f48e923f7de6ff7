/* SPDX-License-Identifier: GPL-2.0 */
/* A test is a named function full of expectations; a run prints one line for each test. */

#ifndef _COLOOP_EXPECT_H
#define _COLOOP_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* Counts; when it does not hold, says what and where and goes on. */
#define expect(condition) expect_at(condition, #condition, "", __FILE__, __LINE__)
/* The same for one row of a table, which @row names. */
#define expect_row(row, condition) expect_at(condition, #condition, row, __FILE__, __LINE__)

bool expect_at(bool held, const char *text, const char *row, const char *file, int line);

/* Runs them in order; returns the exit status. */
int run_tests(const struct test *tests, size_t count);

#endif /* _COLOOP_EXPECT_H */
