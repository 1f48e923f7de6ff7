/* SPDX-License-Identifier: MIT */
/*
 * The control plane: dom0's host role (userland/daemon/host/plan.ts) and two endpoint roles
 * (endpoint/plan.ts, apply.ts) that see each other through XenStore only.  Watch events are hints:
 * they may come late, anew or not at all; each role looks at everything from time to time.  What
 * a role reads in one look it acts on step by step, while the others go on.  A daemon may die and
 * come back between any two of its steps; the kernel and XenStore stay as they are.  The policy may be
 * withdrawn at any step, and given back; a person may take a peer down and up again (HOLDS).
 *
 * The kernels' handshake is one step here: connect.pml has it.
 *
 * Properties
 *
 *   epoch    a channel never joins two ends that live in different epochs
 *   present  nor an end to one that has mapped an older offer of it
 *   anew     no epoch is given anew
 *   policy   with the policy withdrawn for good, nothing remains: no channel, no peer, no offer
 *   settled  with the pair allowed for good, it has a channel when all is quiet
 *   done     and all gets quiet (LIVE)
 */

#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef CHANGES
#define CHANGES 1	/* of the policy, from allowed on */
#endif
#ifndef HOLDS
#define HOLDS 0		/* times that a person takes a peer down, or up again */
#endif
#ifndef LOSSES
#define LOSSES 1	/* events that get lost */
#endif

/* Steps that run.sh can break. */
#ifndef ATTACH_ASKS
#define ATTACH_ASKS (kernel[peer] == OFFERED || kernel[peer] == MAPPED) && kepoch[peer] == kepoch[me]
#endif
#ifndef MAPPED_OURS
#define MAPPED_OURS (mapped[peer] == offer[me])
#endif
#ifndef TAKE_BACK
#define TAKE_BACK ostate[me] = SAYS_CLOSED
#endif
#ifndef USABLE
#define USABLE (relayed[me] == told[me] && rstate[me] == SAYS_OFFERED)
#endif
#ifndef UNTOLD_CLOSES
#define UNTOLD_CLOSES (own[me] != kepoch[me])
#endif
#ifndef PERIOD
#define PERIOD true
#endif
#ifndef NEXT_EPOCH
#define NEXT_EPOCH last = last + 1
#endif
#ifndef FAREWELL
#define FAREWELL own[me] == told[me] && ostate[me] != SAYS_CLOSED
#endif
#ifndef WITHDRAW
#define WITHDRAW told[end] = 0
#endif
#ifndef ALWAYS_OVER
#define ALWAYS_OVER false
#endif
#ifndef PEER_GOES
#define PEER_GOES kepoch[me] != 0
#endif

#define claim(property, held) assert(property || (held))
bool epoch, present, anew, policy, settled;	/* names for claim(); all false */

/* The kernel's channel */
#define CLOSED 0
#define OFFERED 1
#define MAPPED 2
#define LIVE_CHANNEL 3
/* An offer's state in XenStore */
#define SAYS_OFFERED 1
#define SAYS_CLOSED 2

/* XenStore: what dom0 told each end (an epoch or 0), the offers, and as they were relayed */
byte told[2], own[2], ostate[2], relayed[2], rstate[2];
/* Kernels: the peer's epoch (0: no peer) and the channel */
byte kepoch[2], kernel[2];
/* Numbers of the offer, and of the peer's that is mapped; four are more than exist at a time. */
byte offer[2], mapped[2];
bool held[2];
bool allowed = true;
byte last, given;
bool poke_host = true, poke[2];
byte crashes, changes, losses, holds;
bool is_quiet;

#define peer (1 - me)

/* A watch event: comes, or gets lost; whoever looks at all of it anew is told once more. */
inline hint(bell)
{
	if
	:: bell = true
	:: losses < LOSSES -> losses++
	fi
}

inline close_channel(which)
{
	/* Its peer hears of it by event. */
	d_step {
		if
		:: kernel[1 - (which)] > OFFERED && kernel[which] > OFFERED &&
		   kepoch[0] == kepoch[1] && mapped[which] == offer[1 - (which)] ->
			kernel[1 - (which)] = CLOSED;
			poke[1 - (which)] = true
		:: else
		fi;
		kernel[which] = CLOSED
	}
}

/* What the host role does in one look; it acts on what it has read, `ok` and the epoch. */
proctype host()
{
	byte end, e;
	bool ok, over;

end_h:	do
	:: poke_host ->
		poke_host = false;
		d_step {
			ok = allowed;
			e = (told[0] == told[1] -> told[0] : 0);
			over = e && (ALWAYS_OVER ||(own[0] == e && ostate[0] == SAYS_CLOSED) ||
				     (own[1] == e && ostate[1] == SAYS_CLOSED) ||
				     (relayed[1] == e && own[0] != e) ||
				     (relayed[0] == e && own[1] != e))
		};
		end = 0;
		do
		:: end == 2 -> break
		:: else ->
			if
			:: !ok ->
				if
				:: told[end] || relayed[end] ->
					relayed[end] = 0;
					WITHDRAW;
					hint(poke[end])
				:: else
				fi
			:: ok && e && !over ->
				/* relay */
				if
				:: d_step {
					own[1 - end] == e &&
						(relayed[end] != e || rstate[end] != ostate[1 - end]) ->
					relayed[end] = e;
					rstate[end] = ostate[1 - end]
				   };
					hint(poke[end])
				:: else
				fi
			:: else ->
				/* A new life: first take back what was relayed, then announce. */
				relayed[end] = 0
			fi;
			end++
		od;
		if
		:: ok && (!e || over) ->
			d_step {
								NEXT_EPOCH;
				claim(anew, last != given);
				given = last
			};
			told[0] = last;
			hint(poke[0]);
			told[1] = last;
			hint(poke[1]);
			/* What it wrote shows what is left to do. */
			poke_host = true
		:: else
		fi;
		d_step { e = 0; ok = false; over = false; end = 0 }
	/* The period: it looks again although no event came. */
	:: PERIOD && !poke_host && (allowed != (told[0] && told[1] && told[0] == told[1]) ||
		(own[0] == told[0] && own[0] && (relayed[1] != own[0] || rstate[1] != ostate[0])) ||
		(own[1] == told[1] && own[1] && (relayed[0] != own[1] || rstate[0] != ostate[1])) ||
		(own[0] == told[0] && own[0] && ostate[0] == SAYS_CLOSED) ||
		(own[1] == told[1] && own[1] && ostate[1] == SAYS_CLOSED)) -> poke_host = true
	:: PERIOD && !poke_host && !allowed && (told[0] || told[1] || relayed[0] || relayed[1]) -> poke_host = true
	od
}

/* One step of the endpoint role, as plan() orders them; `t` is the announcement as it was read. */
proctype endpoint(byte me)
{
	byte t;

end_e:	do
	:: poke[me] ->
		poke[me] = false;
		t = told[me];
		if
		/* withdrawals() */
		:: (!t || held[me]) && PEER_GOES -> close_channel(me); kepoch[me] = 0
		:: t && held[me] && own[me] == t && ostate[me] != SAYS_CLOSED && !kepoch[me] ->
			TAKE_BACK;
			hint(poke_host)
		:: !t && own[me] -> own[me] = 0; hint(poke_host)
		:: t && own[me] && own[me] != t -> own[me] = 0; hint(poke_host)
		/* planPeer() */
		:: t && !held[me] && !(own[me] && own[me] != t) && kepoch[me] != t ->
			close_channel(me);
			kepoch[me] = t
		/* planChannel() */
		:: t && kepoch[me] == t && kernel[me] == CLOSED && (own[me] == 0 || own[me] == t) ->
			if
			:: own[me] == 0 ->
				/* offer() in apply.ts: grants first, then says so */
				d_step {
					kepoch[me] == t && kernel[me] == CLOSED ->
					kernel[me] = OFFERED;
					mapped[me] = 0;
					offer[me] = (offer[me] % 4) + 1
				};
				if
				:: d_step { own[me] = t; ostate[me] = SAYS_OFFERED };
					hint(poke_host)
				:: crashes < CRASHES -> crashes++	/* dies here */
				fi
			:: FAREWELL -> ostate[me] = SAYS_CLOSED; hint(poke_host)
			:: else
			fi
		:: t && kepoch[me] == t && kernel[me] == OFFERED && !(own[me] && own[me] != t) ->
			if
			:: UNTOLD_CLOSES || ostate[me] != SAYS_OFFERED -> close_channel(me)
			:: !(UNTOLD_CLOSES || ostate[me] != SAYS_OFFERED) && USABLE ->
				/* the kernel reads the peer's page */
				if
				:: d_step {
					ATTACH_ASKS ->
					claim(epoch, kepoch[0] == kepoch[1]);
					mapped[me] = offer[peer];
					if
					:: kernel[peer] == MAPPED && MAPPED_OURS ->
						claim(present, mapped[peer] == offer[me]);
						kernel[me] = LIVE_CHANNEL;
						kernel[peer] = LIVE_CHANNEL
					:: else -> kernel[me] = MAPPED
					fi
				   }
				:: else -> close_channel(me)
				fi
			:: else -> t = 0
			fi
		:: t && kepoch[me] == t && kernel[me] == MAPPED &&
		   (relayed[me] != t || rstate[me] == SAYS_CLOSED) -> close_channel(me)
		:: else -> t = 0
		fi;
		/* What was done shows what comes next; nothing done: sleep. */
		if
		:: t -> poke[me] = true
		:: else
		fi;
		t = 0
	/* The period, and COLOOP_CONNECT_MS of the kernel. */
	:: PERIOD && !poke[me] && (kepoch[me] != (held[me] -> 0 : told[me]) ||
		(held[me] && own[me] && own[me] == told[me] && ostate[me] != SAYS_CLOSED) ||
		(own[me] && own[me] != told[me]) ||
		(told[me] && !held[me] && kernel[me] == CLOSED && (own[me] != told[me] || FAREWELL)) ||
		(kernel[me] == OFFERED && (UNTOLD_CLOSES || USABLE))) -> poke[me] = true
	/* watch() in the kernel: what it has mapped is not offered any more. */
	:: kernel[me] == MAPPED && mapped[me] != offer[peer] ->
		close_channel(me);
		poke[me] = true
	:: timeout && (kernel[me] == OFFERED || kernel[me] == MAPPED) ->
		close_channel(me);
		poke[me] = true
	od
}

/* Down and up again. */
proctype person()
{
end:	do
	:: holds < HOLDS ->
		d_step { holds++; held[0] = !held[0]; poke[0] = true }
	od
}

/* Somebody edits the policy. */
proctype editor()
{
end:	do
	:: changes < CHANGES ->
		d_step { changes++; allowed = !allowed };
		hint(poke_host)
	od
}

proctype judge()
{
	timeout && (kernel[0] == CLOSED || kernel[0] == LIVE_CHANNEL) &&
		(kernel[1] == CLOSED || kernel[1] == LIVE_CHANNEL);
	if
	:: allowed && held[0] -> skip
	:: allowed && !held[0] -> claim(settled, kernel[0] == LIVE_CHANNEL && kernel[1] == LIVE_CHANNEL)
	:: else -> 
		claim(policy, !kernel[0] && !kernel[1] && !kepoch[0] && !kepoch[1] && !own[0] && !own[1]);
		claim(policy, !relayed[0] && !relayed[1] && !told[0] && !told[1])
	fi;
	is_quiet = true;
end:	false
}

init {
	atomic {
		run host();
		run endpoint(0);
		run endpoint(1);
		run editor();
		run person();
		run judge()
	}
}

#ifdef LIVE
ltl done { <>is_quiet }
#endif
