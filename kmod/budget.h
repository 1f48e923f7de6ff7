/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all drivers of this guest share: grant entries, entries of its map table, event channels.
 * Without one a disk or a network card waits until somebody gives it back, for ever if nobody does
 * (blkfront stops its queue).  So channels have at most half of each; beyond that they are refused
 * (R19).
 */

#ifndef _COLOOP_BUDGET_H
#define _COLOOP_BUDGET_H

#include <linux/atomic.h>

/**
 * coloop_budget_take - takes @count more, all or nothing, whoever else takes meanwhile
 * @held: what is held of it now; given back by atomic_sub()
 * @count: how many more
 * @limit: how many there may be in all
 * @part: no more than one in so many of what is left goes at once
 */
static inline bool coloop_budget_take(atomic_t *held, int count, int limit, int part)
{
	int had = atomic_read(held);

	do {
		if (count > (limit - had) / part)
			return false;
	} while (!atomic_try_cmpxchg(held, &had, had + count));
	return true;
}

#endif /* _COLOOP_BUDGET_H */
