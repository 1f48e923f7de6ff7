/* SPDX-License-Identifier: MIT */
/*
 * One end against a peer that writes anything into its control page at any moment: kmod/channel.c,
 * kmod/poll.c (poll_napi, poll_records, poll_follow_side) and the peer's worker.  The page says a side,
 * an index that is honest or not, a record that is well formed or not; each read may see another.
 *
 * Properties
 *
 *   drawn    the state changes only along the arrows drawn in channel.c
 *   first    the first lie is the one that is told, and it is told once
 *   after    after a lie nothing more is taken from the ring or put into it
 *   bounded  one poll takes no more than its budget
 *   held     in the end nothing is held for a liar
 *   wake     nobody waits for a liar for ever: no invalid end state
 */

#ifndef BUDGET
#define BUDGET 2
#endif

/* Steps that run.sh can break. */
#ifndef POLL_ASKS
#define POLL_ASKS !faulted
#endif
#ifndef FAULT_ONCE
#define FAULT_ONCE !faulted
#endif
#ifndef LIVE_ASKS
#define LIVE_ASKS (state == MAPPED)
#endif
#ifndef WITHIN_BUDGET
#define WITHIN_BUDGET (done < BUDGET)
#endif
#ifndef DRAIN_ENDS
#define DRAIN_ENDS true
#endif
#ifndef REMOVAL
#define REMOVAL close()
#endif

#define claim(property, kept) assert(property || (kept))
bool drawn, first, after, bounded, held;	/* names for claim(); all false */

#define CLOSED 0
#define MAPPED 1
#define LIVE 2
#define DRAINING 3
#define BROKEN 4

/* What a read of the peer's page can find. */
#define NO_NEWS 0
#define HONEST 1
#define LIE 2

byte state = CLOSED, lives;
bool up, poll_on, poll_runs, event;
bool faulted, fault_told, todo_live, todo_close, todo_fault;
bool lock_held, removed;
byte faults, takes;

#define lock() atomic { !lock_held -> lock_held = true }
#define unlock() lock_held = false

inline set_state(to)
{
	d_step {
		claim(drawn,
			(state == CLOSED && to == MAPPED) || (state == BROKEN && to == MAPPED) ||
			(state == MAPPED && to == LIVE) ||
			((state == MAPPED || state == LIVE) && (to == DRAINING || to == BROKEN)) ||
			(state == DRAINING && to == CLOSED));
		state = to
	}
}

/* coloop_channel_fault() */
inline fault()
{
	d_step {
		if
		:: FAULT_ONCE -> faulted = true; todo_fault = true; faults++
		:: else
		fi;
		claim(first, faults == 1)
	}
}

inline tear_down()
{
	/* napi_disable() waits for the poll */
	atomic { !poll_runs -> poll_on = false; event = false };
	up = false
}

inline close()
{
	if
	:: up ->
		set_state(DRAINING);
		/* The peer never says that it has taken all: the limit of time ends the wait. */
		DRAIN_ENDS;
		tear_down();
		set_state(CLOSED)
	:: else
	fi
}

/* coloop_channel_fail() */
inline fail()
{
	if
	:: up && faulted ->
		set_state(BROKEN);
		tear_down()
	:: else
	fi
}

proctype control()
{
	do
	:: lives < 2 && !up && !removed ->
		lock();
		d_step {
			lives++;
			faulted = false;
			faults = 0;
			todo_live = false;
			todo_close = false;
			todo_fault = false;
			up = true
		};
		set_state(MAPPED);
		d_step { poll_on = true; event = true };
		unlock()
	/* peer_work() */
	:: todo_live -> lock(); todo_live = false;
		if
		:: LIVE_ASKS -> set_state(LIVE)
		:: else
		fi;
		unlock()
	:: todo_fault -> lock(); todo_fault = false; fail(); unlock()
	:: todo_close -> lock(); todo_close = false; close(); unlock()
	/* dom0 takes the peer away */
	:: !removed && lives == 2 -> removed = true; lock(); REMOVAL; unlock(); break
	od;
	claim(held, !up && !poll_on)
}

/* What the peer says is read anew each time: any of the three. */
inline read()
{
	if
	:: said = NO_NEWS
	:: said = HONEST
	:: said = LIE
	fi
}

proctype napi()
{
	byte said, done;

	do
	:: atomic { poll_on && event -> event = false; poll_runs = true };
		done = 0;
		if
		:: POLL_ASKS ->
			/* poll_records(): index, then record, each checked as a copy */
			do
			:: !(WITHIN_BUDGET) -> break
			:: else ->
				read();
				if
				:: said == NO_NEWS -> break
				:: said == LIE -> fault(); break
				:: said == HONEST ->
#ifdef READ_AGAIN
					read();
#endif
					claim(after, !faulted && said != LIE);
					done++;
					claim(bounded, done <= BUDGET)
				fi
			od;
			/* follow_side() */
			if
			:: done < BUDGET ->
				read();
				if
				:: said == LIE -> fault()
				:: said == HONEST ->
					if
					:: todo_live = true
					:: state != DRAINING -> todo_close = true
					:: true
					fi
				:: else
				fi
			:: else
			fi;
			if
			:: !faulted -> event = true	/* it never runs dry */
			:: event = event
			fi
		:: else
		fi;
		d_step { poll_runs = false; said = 0; done = 0 }
	:: removed && !poll_on -> break
	od
}

/* A storm of events, as long as there is a port. */
proctype storm()
{
	do
	:: poll_on && !event -> event = true
	:: removed -> break
	od
}

init {
	atomic {
		run control();
		run napi();
		run storm()
	}
}
