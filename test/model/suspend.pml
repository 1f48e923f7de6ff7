/* SPDX-License-Identifier: MIT */
/*
 * kmod/suspend.c: a guest is saved and restored, at any step of connecting and of being connected,
 * once or CANCELLED.  The kernel first stops every task between two of its system calls, then
 * calls freeze(), which removes all peers; work queues and interrupts go on until then and after.
 * Afterwards the guest may be another domain on another host: nothing of before holds.
 *
 * Properties
 *
 *   nothing  while suspended, no grant, no map, no port and no peer is held
 *   stale    nothing of a peer of before is mapped, and no work is done for one
 *   told     the control plane hears of the suspend before it acts for the first time after it
 *   wake     everything comes to an end: no invalid end state
 */

/* Steps that run.sh can break. */
#ifndef TASKS_STOP
#define TASKS_STOP !in_call
#endif
#ifndef TASK_RUNS
#define TASK_RUNS !frozen
#endif
#ifndef REMOVE
#define REMOVE remove_all()
#endif
#ifndef DEAD_ASKS
#define DEAD_ASKS !dead
#endif
#ifndef OFFER_ASKS
#define OFFER_ASKS (present && kepoch == e)
#endif
#ifndef PAGE_OK
#define PAGE_OK (e == host_life)	/* read_control(): the epoch in the peer's page */
#endif
#ifndef ANNOUNCE
#define ANNOUNCE heard = true
#endif
#ifndef CANCEL_WORK
#define CANCEL_WORK atomic { !worker_in -> todo = false }
#endif

#define claim(property, held) assert(property || (held))
bool nothing, stale, told;	/* names for claim(); all false */

byte host_life = 1;	/* a new one with every restore */
byte kepoch;		/* the peer's, as the daemon said it: a host_life */
bool present, dead;	/* the peer in the kernel */
byte grants, maps, ports;
bool todo, worker_in;
bool peer_lock, peers_lock;
bool frozen, in_call, suspended, heard, resumed;
bool daemon_done;

#define lock(which) atomic { !which -> which = true }
#define unlock(which) which = false

inline close() { grants = 0; maps = 0; ports = 0 }

/* coloop_peer_remove_all() and kill_peers(): the lock is given up between the halves */
inline remove_all()
{
	lock(peers_lock);
	was = present;
	present = false;
	unlock(peers_lock);
	if
	:: was ->
		lock(peer_lock);
		/* coloop_channel_start_closing() */
		dead = true;
		unlock(peer_lock);
		lock(peer_lock);
		close();
		unlock(peer_lock);
		/* cancel_work_sync() */
		CANCEL_WORK
	:: else
	fi
}

#define system_call() atomic { TASK_RUNS -> in_call = true }
#define return() in_call = false
/* One end's daemon: makes the peer, offers, attaches; looks anew when it was told to. */
proctype daemon()
{
	byte e, round;

	do
	:: round == 3 -> break
	:: else ->
		/* dom0's word, in XenStore; it is stale once we were away */
		atomic { TASK_RUNS -> e = host_life };
		claim(told, !resumed || heard);
		/* peer-new */
		system_call();
		lock(peers_lock);
		d_step {
			if
			:: !present -> present = true; dead = false; kepoch = e
			:: else
			fi
		};
		unlock(peers_lock);
		return();
		/* offer */
		system_call();
		lock(peer_lock);
		if
		/* A daemon that was stopped here may offer by what it had read; nobody answers that. */
		:: OFFER_ASKS && !dead -> claim(nothing, !suspended); grants = 1; ports = 1
		:: else
		fi;
		unlock(peer_lock);
		return();
		/* attach */
		system_call();
		lock(peer_lock);
		if
		:: OFFER_ASKS && !dead && grants && PAGE_OK ->
			claim(nothing, !suspended);
			claim(stale, e == host_life);
			maps = 1;
			todo = true
		:: else
		fi;
		unlock(peer_lock);
		return();
		round++
	od;
	daemon_done = true
}

/* peer_work(): not a task that is stopped; it goes live, closes, or finds the peer dead */
proctype worker()
{
end:	do
	:: atomic { todo -> todo = false; worker_in = true };
		lock(peer_lock);
		if
		:: DEAD_ASKS ->
			claim(stale, !suspended && kepoch == host_life);
			if
			:: close()
			:: true
			fi
		:: else
		fi;
		unlock(peer_lock);
		worker_in = false
	od
}

proctype kernel()
{
	bool was;

	/* freeze_processes() */
	frozen = true;
	TASKS_STOP;
	/* freeze() */
	REMOVE;
	ANNOUNCE;
	suspended = true;
	claim(nothing, !present && !grants && !maps && !ports);
#ifndef CANCELLED
	d_step { host_life++; suspended = false };
#else
	suspended = false;
#endif
	resumed = true;
	frozen = false
}

init {
	atomic {
		run daemon();
		run worker();
		run kernel()
	}
}
