/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the datagrams in a ring cost their receiver's sockets, so that the sender can stop in time
 * and block on its own socket: a receiver's socket buffer does not push back, it drops.
 * Knows no Xen and no skb; builds in user space.  The caller locks.
 */

#ifndef _COLOOP_WINDOW_H
#define _COLOOP_WINDOW_H

#include <linux/types.h>

enum { COLOOP_WINDOW_MARKS = 64 };

/**
 * struct coloop_window - cost of the datagrams between the peer's cons and our prod
 * @held: their sum
 * @limit: most that may be held
 * @first: index of the oldest mark
 * @count: marks in use
 * @mark: where in the ring a run of datagrams ends, and what it costs
 */
struct coloop_window {
	u32 held;
	u32 limit;
	u32 first;
	u32 count;
	struct {
		u32 end;
		u32 cost;
	} mark[COLOOP_WINDOW_MARKS];
};

/* A datagram of this cost has been put in and ends at @end. */
static inline void coloop_window_add(struct coloop_window *w, u32 end, u32 cost)
{
	u32 last = (w->first + w->count - 1) % COLOOP_WINDOW_MARKS;

	w->held += cost;
	if (w->count == COLOOP_WINDOW_MARKS) {
		/* The newest run grows; it is given back a little late, never early. */
		w->mark[last].end = end;
		w->mark[last].cost += cost;
		return;
	}
	last = (last + 1) % COLOOP_WINDOW_MARKS;
	w->mark[last].end = end;
	w->mark[last].cost = cost;
	w->count++;
}

/* The peer has taken all up to @cons. */
static inline void coloop_window_release(struct coloop_window *w, u32 cons)
{
	while (w->count && (s32)(cons - w->mark[w->first].end) >= 0) {
		w->held -= w->mark[w->first].cost;
		w->first = (w->first + 1) % COLOOP_WINDOW_MARKS;
		w->count--;
	}
}

/* The cons at which no more than @goal is held.  Only with more than @goal held. */
static inline u32 coloop_window_mark(const struct coloop_window *w, u32 goal)
{
	u32 held = w->held;
	u32 i = w->first;

	for (;;) {
		held -= w->mark[i].cost;
		if (held <= goal)
			return w->mark[i].end;
		i = (i + 1) % COLOOP_WINDOW_MARKS;
	}
}

#endif /* _COLOOP_WINDOW_H */
