/* SPDX-License-Identifier: MIT */
/*
 * kmod/marker.c, send.c and channel.c: the numbered packets of one flow, while a channel comes up
 * and goes, and comes up again.  The ordinary path is a discipline, whose packets a marker may
 * overtake, and behind it two transmit queues, in each of which nothing overtakes anything; the
 * flow keeps to one.  The channel is a backlog and a ring.  Packets may take any time everywhere.
 *
 * That no wake-up is lost is shown by ring.pml and charged.pml: here who waits for a condition sees it.
 * Rings are always emptied (connect.pml), and what is in one when it goes is lost.
 *
 * Properties
 *
 *   order    no packet arrives after a later one
 *   once     no packet arrives twice
 *   drained  a ring that goes is empty
 *   wake     all packets arrive: no invalid end state
 */

#ifndef K
#define K 4		/* packets of the flow */
#endif
#ifndef LIVES
#define LIVES 2		/* how often the channel comes up */
#endif
#ifndef N
#define N 2		/* packets for which the ring has room */
#endif

/* Steps that run.sh can break. */
#ifndef HOOKS_ARE_DONE
#define HOOKS_ARE_DONE (!hook_runs)
#endif
#ifndef OLD_HOOKS_ARE_DONE
#define OLD_HOOKS_ARE_DONE (!hook_runs)
#endif
#ifndef DISCIPLINE_IS_EMPTY
#define DISCIPLINE_IS_EMPTY (len(discipline) == 0)
#endif
#ifndef STARTS
#define STARTS HOLDING
#endif
#ifndef ALL_ARRIVED
#define ALL_ARRIVED (arrived[0] && arrived[1])
#endif
#ifndef IS_NEWER
#define IS_NEWER (n > number)
#endif
#ifndef COUNTS
#define COUNTS (n == number)
#endif
#ifndef IS_ANSWERED
#define IS_ANSWERED (MARKER == sent)
#endif
#ifndef OPEN_ASKS
#define OPEN_ASKS live
#endif
#ifndef IS_TAKEN
#define IS_TAKEN (len(ring) == 0)
#endif
#ifndef ENDS
#define ENDS HOLDING
#endif
#ifndef BEFORE_RETURN
#define BEFORE_RETURN skip
#endif
#ifndef POLL_LOCKS
#define POLL_LOCKS lock()
#endif
#ifndef POLL_UNLOCKS
#define POLL_UNLOCKS unlock()
#endif
#ifndef GOES_BEHIND
#define GOES_BEHIND (len(backlog) > 0)
#endif
#ifndef TIMES_OUT
#define TIMES_OUT lost
#endif

#define claim(property, held) assert(property || (held))
bool order, once, drained;	/* names for claim(); all false, unless markers get lost */

#define CLOSED 0
#define HOLDING 1
#define OPEN 2

/* The ordinary path: discipline and transmit queues, of which the flow's is `flow`. */
chan discipline = [K] of { byte };
chan markers = [2] of { byte, byte };		/* which queue, number */
chan wire[2] = [K + 4] of { bool, byte };	/* a marker? its number, or the packet's */
byte flow;

/* The channel. */
bool live, diverting, hook_runs;
byte mode = CLOSED;
bool tx_lock;
chan backlog = [K] of { byte };
chan ring = [N] of { byte };

/* Markers: what we sent, and the word in the peer's page. */
bool work_queued, work_runs, lost;
byte sent, MARKER, life;

byte delivered;

#define lock() atomic { !tx_lock -> tx_lock = true }
#define unlock() tx_lock = false

/* coloop_divert_frame() and coloop_send() */
proctype hook()
{
	byte i;
	bool refused;

	do
	:: i == K -> break
	:: else ->
		hook_runs = true;
		if
		:: diverting ->
			lock();
			if
			:: mode == CLOSED -> refused = true
			:: mode == OPEN && !GOES_BEHIND && len(ring) < N -> ring ! i
			:: else -> backlog ! i
			fi;
			unlock()
		:: else -> refused = true
		fi;
		if
		:: refused -> discipline ! i
		:: else
		fi;
		atomic { refused = false; i++; hook_runs = false }
	od
}

/* The lower device */
proctype device()
{
	byte n, which;

end:	do
	:: atomic { discipline ? n -> wire[flow] ! false, n; n = 0 }
	:: atomic { markers ? which, n -> wire[which] ! true, n; n = 0; which = 0 }
#ifdef LOST
	:: atomic { markers ? which, n -> lost = true; n = 0; which = 0 }
#endif
	od
}

/* send_drain_all(), from the poll */
proctype poll()
{
	byte n;

end:	do
	:: mode == OPEN && len(backlog) && len(ring) < N ->
		POLL_LOCKS;
		if
		:: mode == OPEN && len(backlog) && len(ring) < N ->
			backlog ? <n>;
			ring ! n;
			backlog ? n
		:: else
		fi;
		POLL_UNLOCKS;
		n = 0
	od
}

/* marker_work(); both halves may find that they have been cancelled */
proctype work()
{
end:	do
	:: atomic { work_queued && !sent && DISCIPLINE_IS_EMPTY -> work_runs = true };
		sent = life;
		markers ! 0, sent;
		markers ! 1, sent;
		work_runs = false
	:: atomic { work_queued && sent && (IS_ANSWERED || TIMES_OUT) ->
			work_queued = false; work_runs = true };
		lock();
		if
		:: mode == HOLDING && OPEN_ASKS -> mode = OPEN
		:: else
		fi;
		unlock();
		work_runs = false
	od
}



inline come_up()
{
	atomic { MARKER = 0; sent = 0 };
	lock();
	mode = STARTS;
	unlock();
	live = true;
	diverting = true;
	HOOKS_ARE_DONE;
	work_queued = true
}

inline go_down()
{
	live = false;
	lock();
	mode = ENDS;
	unlock();
	IS_TAKEN;
	BEFORE_RETURN;
	/* coloop_send_close() */
	do
	:: lock();
		if
		:: len(backlog) -> backlog ? n; unlock(); discipline ! n; n = 0
		:: else -> mode = CLOSED; unlock(); break
		fi
	od;
	diverting = false;
	/* netif_napi_del(), by coloop_poll_uninit(): who saw this life does not meet the next one. */
	OLD_HOOKS_ARE_DONE;
	/* coloop_marker_stop(); its frames may still be on their way */
	work_queued = false;
	!work_runs;
	atomic {
		claim(drained, !len(ring));
		do
		:: ring ? n
		:: empty(ring) -> break
		od;
		n = 0
	}
}

proctype control()
{
	byte n;

	do
	:: life < LIVES ->
		life++;
		come_up();
		if
		:: break
		:: go_down()
		fi
	:: life == LIVES -> break
	od
}

/* The peer delivers what arrives by either way, and answers markers when it gets round to it. */
inline deliver()
{
	d_step {
		claim(once, !(seen & (1 << n)));
		claim(order, n + 1 > newest);
		seen = seen | (1 << n);
		newest = n + 1;
		delivered++;
		n = 0
	}
}

inline note(which)
{
	d_step {
		if
		:: IS_NEWER -> number = n; arrived[0] = false; arrived[1] = false
		:: else
		fi;
		if
		:: COUNTS ->
			arrived[which] = true;
			if
			:: ALL_ARRIVED -> complete = number
			:: else
			fi
		:: else
		fi;
		n = 0
	}
}

proctype peer()
{
	byte n, seen, newest, number, complete;
	bool arrived[2];

end:	do
	:: atomic { ring ? n -> deliver() }
	:: atomic { wire[0] ? false, n -> deliver() }
	:: atomic { wire[1] ? false, n -> deliver() }
	:: atomic { wire[0] ? true, n -> note(0) }
	:: atomic { wire[1] ? true, n -> note(1) }
	:: atomic { complete && MARKER != complete -> MARKER = complete; complete = 0 }
	od
}

/* Who waits for all of them is not content with less. */
proctype judge() { delivered == K }

init {
	atomic {
#ifdef LOST
		order = true;
#endif
		if
		:: flow = 0
		:: flow = 1
		fi;
		run hook(); run device(); run poll(); run work(); run control(); run peer(); run judge()
	}
}
