/* SPDX-License-Identifier: MIT */
/*
 * kmod/send.c: what the producer keeps back.  Packets without room wait in two backlogs, small TCP
 * packets stay their socket's ("charged") until the peer has passed them, and all of them share one
 * `want` in the control page.  The sender and the poll take turns by tx_lock; the poll looks at
 * the queues once without it.
 *
 * Every fence of ring.pml is in place here, so memory is sequentially consistent; the peer is
 * always awake and steps over records one slot at a time.  Indices are small and wrap.
 *
 * Properties
 *
 *   room     a packet never overwrites what the peer has not given back
 *   early    a packet is not taken back before the peer is past its end
 *   window   no more datagrams are in the ring than the window allows
 *   mark     the `want` that we rest on is one that the peer will cross with what is in the ring
 *   wake     every packet gets into the ring, every charged one is taken back: no invalid end state
 *   done     the same, under weak fairness (LIVE)
 */

#ifndef N
#define N 4		/* slots in the ring */
#endif
#ifndef K
#define K 4		/* packets to send */
#endif
#ifndef WRAP
#define WRAP 16		/* indices there are, a power of two, more than twice N */
#endif
#ifndef LIMIT
#define LIMIT 2		/* datagrams that may be in the ring */
#endif
#ifndef SNDBUF
#define SNDBUF 2	/* charged packets at which the socket blocks */
#endif
#ifndef START
#define START (WRAP - 3)
#endif

/* Steps that run.sh can break. */
#ifndef IS_FIRST_CHARGED
#define IS_FIRST_CHARGED (charges == 0)
#endif
#ifndef MARK_IS_DUE
#define MARK_IS_DUE !CROSSED(mark_charged, cons, prod)
#endif
#ifndef EARLIER
#define EARLIER(a, b) (!PAST(a, b))
#endif
#ifndef P9
#define P9 look()
#endif
#ifndef CHARGED_END
#define CHARGED_END prod
#endif
#ifndef TAKES_BACK
#define TAKES_BACK(end) PAST(cons, end)
#endif
#ifndef HOLD_DRAINS
#define HOLD_DRAINS first
#endif
#ifndef POLL_SEES
#define POLL_SEES (charges > 0)
#endif
#ifndef EMPTY
#define EMPTY (!nempty_bulk && !datagrams && !charges)
#endif
#ifndef ROOM
#define ROOM SUB(N, SUB(prod, cons))
#endif
#ifndef WINDOW_FITS
#define WINDOW_FITS (held + 1 <= LIMIT)
#endif

#define SUB(a, b) (((a) - (b)) & (WRAP - 1))
/* (s32)(a - b) >= 0 */
#define PAST(a, b) (SUB(a, b) < WRAP / 2)
#define CROSSED(mark, old, new) (SUB(mark, (old) + 1) < SUB(new, old))
#define nempty_bulk (len(bulk) > 0)

/* Kinds of packets: one slot of TCP, two of it (above COLOOP_CHARGED_BYTES), one of a datagram. */
#define SMALL 1
#define LARGE 2
#define DATAGRAM 3
#define SIZE(kind) (kind == LARGE -> 2 : 1)
#define FITS(kind) (SIZE(kind) <= ROOM && (kind != DATAGRAM || WINDOW_FITS))

#define claim(property, held) assert(property || (held))
bool room, early, window, mark;		/* names for claim(); all false */

/* Shared words and the event. */
byte PROD = START, CONS = START, WANT = START;
bool room_event;

/* Under tx_lock. */
bool tx_lock;
byte prod = START, cons = START, mark_charged = START;
byte charges, charged_end[N], charged_real[N];
byte held, window_end[N];
chan bulk = [K] of { byte };
byte datagrams;

bool done_all;

#define lock() atomic { !tx_lock -> tx_lock = true }
#define unlock() tx_lock = false

/* coloop_send_look(): tx_look, window_release, take_back */
inline look()
{
	d_step {
		cons = CONS;
		do
		:: held && PAST(cons, window_end[0]) ->
			held--;
			for (at : 0 .. N - 2) { window_end[at] = window_end[at + 1] }
			window_end[N - 1] = 0
		:: else -> break
		od;
		do
		:: charges && TAKES_BACK(charged_end[0]) ->
			claim(early, PAST(CONS, charged_real[0]));
			charges--;
			for (at : 0 .. N - 2) {
				charged_end[at] = charged_end[at + 1];
				charged_real[at] = charged_real[at + 1]
			}
			charged_end[N - 1] = 0;
			charged_real[N - 1] = 0
		:: else -> break
		od;
		at = 0
	}
}

/* put(): `lends` says whether the packet is charged and the first that is */
inline put(what)
{
	is_charged = false;
	lends = false;
	if
	:: what == SMALL && cons != prod -> look(); is_charged = (cons != prod)
	:: else
	fi;
	d_step {
		prod = (prod + SIZE(what)) & 15;
		claim(room, SUB(prod, CONS) <= N);
		PROD = prod;
		if
		:: what == DATAGRAM -> window_end[held] = prod; held++
		:: else
		fi;
		claim(window, held <= LIMIT)
	};
	if
	:: is_charged ->
		d_step {
			lends = IS_FIRST_CHARGED;
			charged_end[charges] = CHARGED_END;
			charged_real[charges] = prod;
			charges++
		}
	:: else
	fi
}

/* wanted_mark() and charged_mark(), then P7 to P9 of wire.h */
inline arm()
{
	d_step {
		goal = prod;
		if
		:: charges && MARK_IS_DUE -> mark_charged = charged_end[charges - 1]; goal = mark_charged
		:: charges && !(MARK_IS_DUE) -> goal = mark_charged
		:: else
		fi;
		if
		:: nempty_bulk ->
			bulk?<kind>;
			wanted = (prod + SIZE(kind) - N) & 15;
			if
			:: EARLIER(wanted, goal) -> goal = wanted
			:: else
			fi
		:: else
		fi;
		if
		:: datagrams ->
			wanted = (prod + 1 - N) & 15;
			/* Half of the window, and the datagram, are to be free. */
			if
			:: held > LIMIT / 2 && PAST(window_end[held - LIMIT / 2 - 1], wanted) ->
				wanted = window_end[held - LIMIT / 2 - 1]
			:: else
			fi;
			if
			:: EARLIER(wanted, goal) -> goal = wanted
			:: else
			fi
		:: else
		fi;
		kind = 0;
		wanted = 0
	};
	WANT = goal;						/* P7 */
	P9;							/* P9 */
	d_step {
		armed = !PAST(cons, goal);
		claim(mark, !armed || CROSSED(goal, cons, prod));
		goal = 0
	}
}

inline drain_all()
{
	armed = false;
	do
	:: armed -> break
	:: else ->
		look();
		do
		:: datagrams && FITS(DATAGRAM) -> datagrams--; put(DATAGRAM)
		:: else -> break
		od;
		do
		:: nempty_bulk ->
			bulk?<kind>;
			if
			:: FITS(kind) -> bulk?kind; put(kind)
			:: else -> break
			fi
		:: else -> break
		od;
		kind = 0;
		if
		:: EMPTY -> break
		:: else -> arm()
		fi
	od;
	armed = false
}

/* coloop_send(), for one socket after the other */
proctype sender()
{
	byte i, what, kind, at, goal, wanted;
	bool is_charged, lends, armed, first;

	do
	:: i == K -> break
	:: else ->
		if
		:: what = SMALL
		:: what = LARGE
#ifndef NO_DATAGRAMS
		:: what = DATAGRAM
#endif
		fi;
		what != SMALL || charges < SNDBUF;	/* the socket blocks */
		lock();
		first = (what == DATAGRAM -> !datagrams : !nempty_bulk);
		if
		:: first && !FITS(what) -> look()
		:: else
		fi;
		if
		:: first && FITS(what) ->
#ifdef FIRST_BEFORE_PUT
			first = (charges == 0);
			put(what);
			lends = first && charges;
#else
			put(what);
#endif
			if
			:: lends -> drain_all()
			:: else
			fi
		:: else ->
			if
			:: what == DATAGRAM -> datagrams++
			:: else -> bulk!what
			fi;
			if
			:: HOLD_DRAINS -> drain_all()
			:: else
			fi
		fi;
		d_step { first = false; lends = false; is_charged = false; what = 0 };
		unlock();
		i++
	od;
	/* The sockets are closed when nothing of theirs is left. */
	charges == 0 && !nempty_bulk && !datagrams;
	done_all = true
}

/* coloop_send_backlog(), from the poll */
proctype poll()
{
	byte kind, at, goal, wanted;
	bool is_charged, lends, armed, waits;

end:	do
	:: d_step { room_event -> room_event = false };
		waits = nempty_bulk;
		if
		:: !waits -> waits = (datagrams > 0)
		:: else
		fi;
		if
		:: !waits -> waits = POLL_SEES
		:: else
		fi;
		if
		:: waits ->
			lock();
			drain_all();
			d_step { waits = false; lends = false; is_charged = false };
			unlock()
		:: else
		fi
	od
}

/* The peer: poll_records() and coloop_rx_publish() */
proctype consumer()
{
	byte taken = START, told = START;
	bool crossed;

end:	do
	:: taken != PROD ->
		taken = (taken + 1) & 15;
		if
		:: CONS = taken;				/* C4 */
			d_step {
				crossed = CROSSED(WANT, told, taken); /* C6 */
				told = taken
			};
			if
			:: crossed -> room_event = true; crossed = false
			:: else
			fi
		:: taken != PROD
		fi
	od
}

init {
	atomic {
		run sender();
		run poll();
		run consumer()
	}
}

#ifdef LIVE
ltl done { <>done_all }
#endif
