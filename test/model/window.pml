/* SPDX-License-Identifier: MIT */
/*
 * kmod/window.h with its users in kmod/send.c: datagrams of one or more units of cost go into the
 * ring as long as no more than LIMIT is held; marks say where runs of them end, and when there are
 * no more marks the newest run grows.  The peer takes what it likes, one slot at a time.
 *
 * Properties
 *
 *   limit    no more is held than the limit, or one datagram alone
 *   late     what is in the ring is held, so nothing is given back early
 *   exact    with an empty ring nothing is held
 *   mark     the index that we wait for lies ahead of the peer and within the ring
 *   enough   there, the datagram that waits fits
 *   wake     every datagram gets in: no invalid end state
 *   done     the same, under weak fairness (LIVE)
 */

#ifndef N
#define N 8		/* slots in the ring; a datagram of cost c takes c of them */
#endif
#ifndef K
#define K 6		/* datagrams */
#endif
#ifndef LIMIT
#define LIMIT 3
#endif
#ifndef BIGGEST
#define BIGGEST 4	/* cost of the biggest datagram, more than the window */
#endif
#ifndef MARKS
#define MARKS 2
#endif
#define START 29	/* of 32 indices */

/* Steps that run.sh can break. */
#ifndef FITS
#define FITS (!held || held + cost <= LIMIT)
#endif
#ifndef RELEASES
#define RELEASES(end) PAST(cons, end)
#endif
#ifndef GROW_END
#define GROW_END mark_end[count - 1] = prod
#endif
#ifndef GOAL
#define GOAL ((cost < LIMIT -> LIMIT - cost : 0))
#endif
#ifndef P9
#define P9 look()
#endif
#ifndef MARK
#define MARK (at -> mark_end[at - 1] : prod)
#endif

#define SUB(a, b) (((a) - (b)) & 31)
#define PAST(a, b) (SUB(a, b) < 16)
#define CROSSED(mark, old, new) (SUB(mark, (old) + 1) < SUB(new, old))

#define claim(property, held) assert(property || (held))
bool limit, late, exact, mark, enough;	/* names for claim(); all false */

byte PROD = START, CONS = START, WANT = START;
bool room_event, done_all;

byte prod = START, cons = START;
byte held, count;
byte mark_end[MARKS], mark_cost[MARKS];

/* coloop_window_release() after coloop_tx_look() */
inline look()
{
	d_step {
		cons = CONS;
		do
		:: count && RELEASES(mark_end[0]) ->
			held = held - mark_cost[0];
			for (at : 0 .. MARKS - 2) {
				mark_end[at] = mark_end[at + 1];
				mark_cost[at] = mark_cost[at + 1]
			}
			mark_end[MARKS - 1] = 0;
			mark_cost[MARKS - 1] = 0;
			count--
		:: else -> break
		od;
		at = 0;
		/* Slots are units of cost here. */
		claim(late, held >= SUB(prod, cons));
		claim(exact, cons != prod || !held)
	}
}

/* coloop_window_add() */
inline add()
{
	d_step {
		held = held + cost;
		if
		:: count == MARKS -> GROW_END; mark_cost[count - 1] = mark_cost[count - 1] + cost
		:: else ->
			mark_end[count] = prod;
			mark_cost[count] = cost;
			count++
		fi
	}
}

/* wanted_mark(), coloop_window_mark(); the ring itself always has room here */
inline arm()
{
	d_step {
		goal = (GOAL < LIMIT / 2 -> GOAL : LIMIT / 2);
		at = 0;
		rest = held;
		do
		:: rest > goal && at < count -> rest = rest - mark_cost[at]; at++
		:: else -> break
		od;
		wanted = MARK;
		at = 0
	};
	WANT = wanted;
	P9;
	d_step {
		armed = !PAST(cons, wanted);
		claim(mark, !armed || CROSSED(wanted, cons, prod));
		/* All up to there taken, what is still held lets the datagram in. */
		claim(enough, !armed || rest == 0 || rest + cost <= LIMIT);
		rest = 0;
		wanted = 0;
		goal = 0
	}
}

proctype sender()
{
	byte i, cost, goal, rest, wanted, at;
	bool armed;

	do
	:: i == K -> break
	:: else ->
		cost = 1;
		do
		:: cost < BIGGEST -> cost++
		:: break
		od;
		do
		:: FITS -> break
		:: else ->
			look();
			if
			:: !(FITS) -> arm()
			:: else
			fi;
			if
			:: armed -> d_step { room_event -> room_event = false; armed = false }
			:: else
			fi
		od;
		i++;
		d_step {
			prod = (prod + cost) & 31;
			claim(limit, !held || held + cost <= LIMIT);
			PROD = prod
		};
		add();
		cost = 0
	od;
	done_all = true
}

proctype consumer()
{
	byte taken = START, told = START;
	bool crossed;

end:	do
	:: taken != PROD ->
		taken = (taken + 1) & 31;
		if
		:: CONS = taken;
			d_step { crossed = CROSSED(WANT, told, taken); told = taken };
			if
			:: crossed -> room_event = true; crossed = false
			:: else
			fi
		:: taken != PROD
		fi
	od
}

init { atomic { run sender(); run consumer() } }

#ifdef LIVE
ltl done { <>done_all }
#endif
