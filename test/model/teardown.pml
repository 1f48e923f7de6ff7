/* SPDX-License-Identifier: MIT */
/*
 * kmod/channel.c, one end: close, fail and tear_down() against all that runs meanwhile: a sender in
 * its transmit routine, the poll, the interrupt, the watchdog, the worker that is asked to close
 * again.  The peer says that it closes at any time.  After the end there may be a second life.  When
 * the peer is removed, the lock is given up between the two halves of closing (kmod/peer.c).
 *
 * Properties
 *
 *   ring     nobody touches the rings or a control page that is not there any more
 *   port     nobody uses the event channel before it is bound or after it is closed
 *   live     nothing is put into the ring once set_state() has said that it is not live
 *   once     nothing is freed twice
 *   fresh    what was posted in one life is not acted on in the next
 *   leak     at the end nothing is held: no map, no port, no packet, no work
 *   wake     everybody comes to an end: no invalid end state
 */

#define claim(property, held) assert(property || (held))
bool ring, port, live, once, fresh, leak;	/* names for claim(); all false */

#define CLOSED 0
#define LIVE 1
#define DRAINING 2

#ifndef LIVES
#define LIVES 2
#endif
#ifndef PACKETS
#define PACKETS 1
#endif

/* Steps that run.sh can break. */
#ifndef SET_STATE_WAITS
#define SET_STATE_WAITS true
#endif
#ifndef SENDER_ASKS
#define SENDER_ASKS (state == LIVE)
#endif
#ifndef WATCH_ASKS
#define WATCH_ASKS (state == LIVE)
#endif
#ifndef STOP_POLL
#define STOP_POLL stop_poll()
#endif
#ifndef DELETE_POLL
#define DELETE_POLL delete_poll()
#endif
#ifndef CLOSE_PORT
#define CLOSE_PORT unbind()
#endif
#ifndef STOP_WATCH
#define STOP_WATCH stop_watch()
#endif
#ifndef CLOSE_ASKS
#define CLOSE_ASKS is_up
#endif
#ifndef RESET_TODO
#define RESET_TODO todo_close = false
#endif
#ifndef RETURN_BACKLOG
#define RETURN_BACKLOG backlog = 0
#endif
#ifndef KILL_WAITS
#define KILL_WAITS senders_inside == 0
#endif

byte state = CLOSED, life;
bool over = true;		/* set_state() is done, and the channel is not live */
bool is_up;			/* own: memory is held */
bool mapped, bound;		/* the peer's pages, the event channel */
bool poll_on, poll_runs, poll_wanted;
bool poll_ends;			/* given back, but for its word to the interrupt */
bool watch_queued, watch_runs;
bool tx_lock, peer_lock;
bool todo_close;
byte todo_life;			/* in which life it was posted */
bool dead;			/* mark_dead() */
byte backlog;			/* waiting packets */
byte senders_inside;		/* between rcu_read_lock() and its unlock */
bool finished;

#define lock(which) atomic { !which -> which = true }
#define unlock(which) which = false

inline touch() { claim(ring, mapped && is_up) }
inline notify() { claim(port, bound) }

inline post_close()
{
	d_step {
		if
		:: !todo_close -> todo_close = true; todo_life = life
		:: else
		fi
	}
}

/* set_state(): who has seen the state before is waited for */
inline set_state(to)
{
	d_step { state = to; over = over && to != LIVE };
	if
	:: SET_STATE_WAITS -> lock(tx_lock); unlock(tx_lock)
	:: else
	fi;
	over = to != LIVE
}

/* napi_disable(): waits for the poll, none starts after it */
inline stop_poll() { atomic { !poll_runs -> poll_on = false; poll_wanted = false } }
/* netif_napi_del(): waits for whoever is still in the poll */
inline delete_poll() { !poll_ends }
/* cancel_delayed_work_sync(); the watchdog may queue itself again while it runs */
inline stop_watch() { atomic { !watch_runs -> watch_queued = false } }

inline unbind() { d_step { claim(once, bound); bound = false } }
inline unmap() { d_step { claim(once, mapped); mapped = false } }
inline put_pages() { d_step { claim(once, is_up); is_up = false } }

/* tear_down() */
inline tear_down()
{
#ifdef UNMAP_FIRST
	unmap();
#endif
#ifdef UNBIND_FIRST
	CLOSE_PORT;
#endif
	STOP_POLL;
	DELETE_POLL;
#ifndef UNBIND_FIRST
	CLOSE_PORT;
#endif
	STOP_WATCH;
#ifndef UNMAP_FIRST
	unmap();
#endif
	put_pages()
}

/* coloop_channel_start_closing(), and the like in coloop_channel_fail() */
inline start_closing()
{
	if
	:: CLOSE_ASKS ->
		set_state(DRAINING);
		lock(tx_lock);
		RETURN_BACKLOG;
		unlock(tx_lock);
		touch();
		notify()
	:: else
	fi
}

/* coloop_channel_finish_closing() */
inline finish_closing()
{
	if
	:: CLOSE_ASKS ->
		tear_down();
		set_state(CLOSED)
	:: else
	fi
}

inline close()
{
	start_closing();
	finish_closing()
}

/* Netlink: offer and attach in one, the handshake is in connect.pml; then the peer is removed. */
proctype control()
{
	do
	:: life < LIVES ->
		lock(peer_lock);
		if
		:: !is_up ->
			RESET_TODO;
			d_step { life++; is_up = true; mapped = true; bound = true };
			set_state(LIVE);
			d_step { watch_queued = true; poll_on = true; poll_wanted = true }
		:: else -> close()
		fi;
		unlock(peer_lock)
	:: life > 0 -> break
	od;
	/* kill_peers() */
	lock(peer_lock);
	start_closing();
	dead = true;
	unlock(peer_lock);
	lock(peer_lock);
	finish_closing();
	unlock(peer_lock);
	KILL_WAITS;
	STOP_WATCH;
	finished = true;
	claim(leak, !mapped && !bound && !is_up && !backlog && !watch_queued)
}

/* peer_work() */
proctype worker()
{
	do
	:: todo_close && !dead ->
		lock(peer_lock);
		if
		:: !dead && todo_close ->
			claim(fresh, todo_life == life || !is_up);
			todo_close = false;
			close()
		:: else
		fi;
		unlock(peer_lock)
	:: dead -> break
	od
}

/* poll(): the peer may have said that it closes */
proctype napi()
{
	do
	:: atomic { poll_on && poll_wanted -> poll_runs = true; poll_wanted = false };
		touch();
		notify();
		if
		:: post_close()
		:: true
		fi;
		touch();
		/* napi_complete_done(), then coloop_evtchn_eoi() */
		d_step { poll_runs = false; poll_ends = true };
		notify();
		poll_ends = false
	:: finished -> break
	od
}

/* The peer's events; one on a closed port goes nowhere. */
proctype interrupt()
{
	byte events = 2;

	do
	:: events && bound -> d_step { events--; poll_wanted = poll_on }
	:: finished -> break
	:: !events -> break
	od
}

/* watch() */
proctype watchdog()
{
	do
	:: atomic { watch_queued -> watch_queued = false; watch_runs = true };
		lock(tx_lock);
		if
		:: WATCH_ASKS -> touch(); notify(); touch()
		:: else
		fi;
		if
		:: state == LIVE && !dead -> watch_queued = true
		:: true
		fi;
		unlock(tx_lock);
		watch_runs = false
	:: finished -> break
	od
}

/* transmit() and coloop_send() */
proctype sender()
{
	byte i;

	do
	:: i < PACKETS && !dead ->
		senders_inside++;
		lock(tx_lock);
		if
		:: SENDER_ASKS ->
			claim(live, !over);
			touch();
			if
			:: notify()
			:: backlog++
			fi;
			claim(live, !over);
			unlock(tx_lock);
			/* coloop_channel_watch(), after the lock */
			watch_queued = true
		:: else -> unlock(tx_lock)
		fi;
		senders_inside--;
		i++
	:: i == PACKETS || dead -> break
	od
}

init {
	atomic {
		run control();
		run worker();
		run napi();
		run interrupt();
		run watchdog();
		run sender()
	}
}
