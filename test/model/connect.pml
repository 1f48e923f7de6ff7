/* SPDX-License-Identifier: MIT */
/*
 * kmod/channel.c at both ends: offer, attach, mapped, live, draining, closed, told to the peer by
 * `side` in the control page and an event.  Either end may close at any step, put a record into
 * its ring while it is live, and die at any step (CRASH); dom0 then tells the other one.  After a
 * life is over dom0 gives a new epoch.  An end may also take its offer back and offer anew in the
 * same epoch (AGAIN), as a daemon did that removed its peer and was told to make it again.
 *
 * Each offer is a page of its own, and an event channel of its own if the end listens: end 0 does.
 * End 1 binds that when it attaches, so events pass from then on, either way, until one end is torn
 * down.
 *
 * Each end is two processes: control (netlink and the peer's worker, which take turns by the
 * peer's lock) and poll.  Waiting with a limit (COLOOP_DRAIN_MS, COLOOP_CONNECT_MS) ends only
 * when nothing else can happen at all.
 *
 * Properties
 *
 *   both     an end goes live only once the peer has mapped its pages
 *   ours     and these are the pages of its present offer
 *   same     both pages of a channel are of one epoch
 *   gone     the poll reads no page that is not mapped
 *   kept     what was put into a ring is taken before the ring is torn down
 *   calm     no limit of time has to help between two living ends, but for an offer that the peer
 *            has not mapped
 *   settled  in the end both are live, or none holds anything
 */

#ifndef LIVES
#define LIVES 1
#endif
#ifndef AGAIN
#define AGAIN 0		/* offers of an end in the epoch of an offer that it took back */
#endif
#ifndef RECORDS
#define RECORDS 1	/* that each end puts into its ring in one life */
#endif

/* Steps that run.sh can break. */
#ifndef START_POLL
#define START_POLL event[me] = true
#endif
#ifndef ATTACH_NOTIFIES
#define ATTACH_NOTIFIES notify()
#endif
#ifndef CLOSE_NOTIFIES
#define CLOSE_NOTIFIES notify()
#endif
#ifndef WATCH_LOOKS
#define WATCH_LOOKS true
#endif
#ifndef LIVE_ASKS
#define LIVE_ASKS (SIDE(peer) == IS_MAPPED && MAPPED_OURS)
#endif
#ifndef DRAIN_ASKS
#define DRAIN_ASKS MAPPED_OURS
#endif
#ifndef CLOSE_ARMS
#define CLOSE_ARMS wants[me] = true
#endif
#ifndef DRAINED
#define DRAINED (SIDE(peer) == CLOSING && taken[peer] == put[me] && taken[me] == put[peer])
#endif
#ifndef EPOCH_OK
#define EPOCH_OK (page_epoch[peer] == epoch[me])
#endif
#ifndef HOST_TELLS
#define HOST_TELLS true
#endif
#ifndef STOP_POLL
#define STOP_POLL d_step { poll_on[me] = false; event[me] = false }; !polling[me]
#endif
#ifndef FOLLOW_CLOSING
#define FOLLOW_CLOSING true
#endif
#ifndef REST_IS_TAKEN
#define REST_IS_TAKEN true
#endif

#define claim(property, held) assert(property || (held))
bool both, ours, same, gone, kept, calm, settled;	/* names for claim(); all false */

/* states */
#define CLOSED 0
#define OFFERED 1
#define MAPPED 2
#define LIVE 3
#define DRAINING 4
/* enum coloop_side */
#define IS_OFFERED 1
#define IS_MAPPED 2
#define CLOSING 3

byte state[2], epoch[2];
#define PAGES (2 * (LIVES + AGAIN + 1))
byte side[PAGES];	/* in the control pages: of end 0, 1 in their first offers, then in the next */
byte mapped_word[PAGES];	/* which offer of the peer is mapped, in the same */
byte page[2];		/* number of the offer, and of the page that is granted now */
byte page_epoch[2];	/* its epoch */
byte mapped_page[2];	/* the peer's page that is mapped, or was last */
byte again[2];		/* offers taken back so */
bool shared[2];			/* the page is granted */
bool maps[2];			/* has mapped the peer's */
bool poll_on[2], polling[2], event[2];
byte offer[2];			/* the epoch of what was offered, as dom0 relays it */
byte put[2], taken[2];		/* records put into the ring, taken from the peer's */
bool wants[2];			/* tell me when you take */
bool todo_live[2], todo_close[2];
bool dead[2], removed[2];
bool woken[2];			/* from the wait in close() */
bool will_close[2];		/* some day */
byte lives = 1;
bool hurried[2];		/* a limit of time helped */

#define peer (1 - me)
#define PAGE(of, number) ((of) + 2 * (number))
#define SIDE(of) side[PAGE(of, mapped_page[1 - (of)])]
#define OWN_SIDE side[PAGE(me, page[me])]
/* coloop_channel_peer_mapped_ours() */
#define MAPPED_OURS (mapped_word[PAGE(peer, mapped_page[me])] == page[me])
/* A page outlives its owner while it is mapped. */
#define READ(of) claim(gone, maps[1 - (of)])

/* End 1 has bound the event channel of end 0's present offer. */
#define JOINED (shared[0] && maps[1] && mapped_page[1] == page[0])
/* An event at an end that does not poll yet, or any more, is lost. */
#define notify() event[peer] = (event[peer] || (JOINED && poll_on[peer] && !dead[peer]))

inline tear_down()
{
	STOP_POLL;
	/* The peer's last words are in a page of an end that lives. */
	claim(kept, hurried[me] || dead[peer] || taken[me] == put[peer]);
	d_step { maps[me] = false; shared[me] = false; wants[me] = false }
}

/* coloop_channel_close() */
inline close()
{
	if
	:: state[me] == OFFERED || state[me] == MAPPED || state[me] == LIVE ->
		d_step { was = state[me]; state[me] = DRAINING };
		if
		:: was != OFFERED -> CLOSE_ARMS
		:: else
		fi;
#ifdef DRAIN_ASKED_FIRST
		if
		:: was != OFFERED && !DRAIN_ASKS -> was = OFFERED
		:: else
		fi;
#endif
		OWN_SIDE = CLOSING;
		CLOSE_NOTIFIES;
		if
		:: was != OFFERED && DRAIN_ASKS ->
			/* wait_event_timeout() */
			do
			:: DRAINED -> break
			:: else ->
				if
				:: d_step { woken[me] -> woken[me] = false }
				:: timeout ->
					hurried[me] = true;
					claim(calm, dead[peer]);
					break
				fi
			od
		:: else
		fi;
		tear_down();
		d_step {
			state[me] = CLOSED;
			offer[me] = 0;
			was = 0
		}
	:: else
	fi
}

inline reset()
{
	d_step {
		todo_live[me] = false;
		todo_close[me] = false;
		put[me] = 0;
		taken[me] = 0;
		hurried[me] = false;
		wants[me] = false;
		woken[me] = false
	}
}

proctype control(byte me)
{
	byte was;

	{
end_c:		do
		/* dom0's next epoch, coloop_peer_change() */
		:: epoch[me] < lives -> close(); epoch[me] = lives
		/* coloop_peer_remove(), coloop_peer_create() */
		:: again[me] < AGAIN && state[me] != CLOSED && !removed[me] ->
			again[me]++;
			close();
			page_epoch[me] = 0
		:: state[me] == CLOSED && epoch[me] == lives && !removed[me] && page_epoch[me] != epoch[me] ->
			reset();
			d_step {
				shared[me] = true;
				page[me]++;
				page_epoch[me] = epoch[me];
				OWN_SIDE = IS_OFFERED;
				state[me] = OFFERED;
				offer[me] = epoch[me]
			}
		/* coloop_channel_attach() */
		:: state[me] == OFFERED && offer[peer] ->
			if
			:: d_step {
				shared[peer] && EPOCH_OK ->
				maps[me] = true;
				mapped_page[me] = page[peer];
				mapped_word[PAGE(me, page[me])] = page[peer];
				claim(same, page_epoch[0] == page_epoch[1])
			   };
#ifdef START_BEFORE_STATE
				poll_on[me] = true;
				START_POLL;
#endif
				state[me] = MAPPED;
				OWN_SIDE = IS_MAPPED;
				ATTACH_NOTIFIES;
#ifndef START_BEFORE_STATE
				poll_on[me] = true;
				START_POLL
#endif
			:: else -> close(); removed[me] = true
			fi
		/* peer_work() */
		:: todo_live[me] ->
			todo_live[me] = false;
			if
			:: state[me] == MAPPED ->
				claim(both, SIDE(peer) == IS_MAPPED || SIDE(peer) == CLOSING);
				claim(ours, mapped_page[peer] == page[me]);
				state[me] = LIVE
			:: else
			fi
		:: todo_close[me] ->
			todo_close[me] = false;
			if
			:: state[me] != CLOSED -> close(); removed[me] = true
			:: else
			fi
		/* watch(), for what no event has told */
		:: WATCH_LOOKS && state[me] == MAPPED && poll_on[me] && !event[me] &&
		   SIDE(peer) == CLOSING && !todo_close[me] ->
			event[me] = true
		/* a sender */
		:: atomic { state[me] == LIVE && put[me] < RECORDS -> put[me]++ };
			notify()
		/* asked to, or dom0 has seen the peer die */
#ifndef NOBODY_CLOSES
		:: will_close[me] && state[me] != CLOSED && !removed[me] -> removed[me] = true; close()
#endif
		:: HOST_TELLS && dead[peer] && !removed[me] -> removed[me] = true; close()
		/* coloop_channel_expire() */
		:: timeout && (state[me] == OFFERED || state[me] == MAPPED) ->
			claim(calm, dead[peer] || (state[me] == OFFERED && !maps[peer]));
			close();
			removed[me] = true
		od
	} unless { dead[me] }
}

proctype poll(byte me)
{
	byte seen;

	{
end_p:		do
		:: atomic { event[me] && poll_on[me] -> event[me] = false; polling[me] = true };
			/* poll_records() */
			do
			:: atomic { poll_on[me] && taken[me] < put[peer] -> READ(peer); taken[me]++ };
				if
				:: wants[peer] -> notify()
				:: else
				fi
			:: else -> break
			:: !REST_IS_TAKEN -> break
			od;
			/* follow_side(), which napi_disable() waits for */
			atomic {
				if
				:: poll_on[me] -> READ(peer); seen = SIDE(peer)
				:: else -> seen = 0
				fi;
				if
				:: LIVE_ASKS && seen && state[me] == MAPPED -> todo_live[me] = true
				:: seen == CLOSING && state[me] == DRAINING -> woken[me] = true
				:: FOLLOW_CLOSING && seen == CLOSING && state[me] != DRAINING ->
					todo_close[me] = true
				:: else
				fi;
				seen = 0;
				polling[me] = false
			}
		od
	} unless { dead[me] }
}

#ifdef CRASH
proctype crash()
{
	atomic { dead[CRASH] = true; poll_on[CRASH] = false; event[CRASH] = false; offer[CRASH] = 0 }
}
#endif

/* dom0: a life that an end took back is over, and the pair may have another. */
proctype host()
{
end_h:	do
	:: atomic {
		lives < LIVES && (removed[0] || removed[1]) && !dead[0] && !dead[1] ->
		lives++;
		removed[0] = false;
		removed[1] = false
	   }
	:: lives == LIVES -> break
	od
}

#define AT_REST(i) (dead[i] || (state[i] == CLOSED && !maps[i] && !shared[i]))
#define IS_LIVE(i) (!dead[i] && state[i] == LIVE && put[i] == RECORDS && taken[i] == put[1 - i])

/* Nothing can happen any more, but for the limits of time, which come first. */
proctype judge()
{
	timeout &&
		(dead[0] || state[0] == CLOSED || state[0] == LIVE) &&
		(dead[1] || state[1] == CLOSED || state[1] == LIVE);
	claim(settled, (IS_LIVE(0) && IS_LIVE(1)) || (AT_REST(0) && AT_REST(1)));
end:	false
}

init {
	if
	:: will_close[0] = true
	:: true
	fi;
	if
	:: will_close[1] = true
	:: true
	fi;
	atomic {
		run control(0);
		run control(1);
		run poll(0);
		run poll(1);
		run host();
		run judge();
#ifdef CRASH
		run crash()
#endif
	}
}
