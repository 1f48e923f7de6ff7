/* SPDX-License-Identifier: MIT */
/*
 * The one-way ring of kmod/ring.c with both event channels, on x86: each end has a store buffer
 * that empties in order, whenever it likes.  Step numbers are those of kmod/wire.h; run.sh breaks
 * the steps one at a time and expects Spin to object.
 *
 * A slot stands for a record's smallest unit; a record takes up to BIGGEST of them.  A slot holds
 * its own index, so one that is read too early or written too early shows.  Indices are 8 bits
 * wide and wrap.
 *
 * Properties
 *
 *   order    a slot that is read holds what was put in for that index
 *   sane     C2 never calls an honest producer a liar, nor P2 an honest consumer
 *   bounds   neither end goes outside what is its own of the ring, whatever the other says
 *   wake     no end sleeps for ever: no invalid end state
 *   done     under weak fairness both ends come to their end (LIVE)
 */

#ifndef N
#define N 2		/* slots in the ring, a power of two */
#endif
#ifndef K
#define K 4		/* slots to put through it */
#endif
#ifndef BIGGEST
#define BIGGEST 1	/* slots of the biggest record */
#endif
#ifndef BURST
#define BURST 1		/* records between two P5, at most */
#endif
#ifndef BATCH
#define BATCH 1		/* slots taken between two C4, at most */
#endif
#ifndef START
#define START 254	/* indices begin here and soon wrap */
#endif

/* Steps that run.sh can break. */
#ifndef P2
#define P2(c) (SUB(c, cons) > SUB(prod, cons))
#endif
#ifndef P5
#define P5 fence(sbP)
#endif
#ifndef P7
#define P7 (prod + size - N)
#endif
#ifndef P8
#define P8 fence(sbP)
#endif
#ifndef P9
#define P9 true
#endif
#ifndef C2
#define C2(p) (SUB(p, cons) > N)
#endif
#ifndef C5
#define C5 fence(sbC)
#endif
#ifndef C7
#define C7 (cons + 1)
#endif
#ifndef C8
#define C8 fence(sbC)
#endif
#ifndef C9
#define C9 mem[PROD]
#endif
#ifndef CROSSED
#define CROSSED(mark, old, new) (SUB(mark, (old) + 1) < SUB(new, old))
#endif
#ifndef TELL_BEFORE_SLEEP
#define TELL_BEFORE_SLEEP true
#endif
#ifndef PUBLISH_BEFORE_SLEEP
#define PUBLISH_BEFORE_SLEEP true
#endif

/* A liar breaks its channel, and nobody need wake up from it. */
#if defined(HOSTILE_PRODUCER) || defined(HOSTILE_CONSUMER)
#define HOSTILE
#define LIAR(property) goto broken
#define SLEEP(who, event) end_##who: d_step { event -> event = false }
#else
#define LIAR(property) claim(property, false)
#define SLEEP(who, event) d_step { event -> event = false }
#endif

#define claim(property, held) assert(property || (held))
bool order, sane, bounds;	/* names for claim(); all false */

#define SUB(a, b) (((a) - (b)) & 255)
#define ROOM SUB(N, SUB(prod, cons))
#define AT(i) (SLOT + ((i) & (N - 1)))

/* Shared words, then the slots. */
#define PROD 0
#define CONS 1
#define WANT 2
#define WAIT 3
#define SLOT 4

byte mem[SLOT + N];
chan sbP = [8] of { byte, byte };
chan sbC = [8] of { byte, byte };
bool data_event, room_event;
bool done_P, done_C;

#define store(sb, address, value) sb!address, (value) & 255
#define fence(sb) empty(sb)
/* An event is a hypercall, which drains the buffer. */
#define notify(sb, event) fence(sb); event = true

proctype flush_P()
{
	byte address, value;

end:	do
	:: d_step { sbP?address, value -> mem[address] = value; address = 0; value = 0 }
	od
}

proctype flush_C()
{
	byte address, value;

end:	do
	:: d_step { sbC?address, value -> mem[address] = value; address = 0; value = 0 }
	od
}

/* coloop_tx_look() */
inline tx_look()
{
	seen = mem[CONS];					/* P1 */
	if
	:: P2(seen) -> LIAR(sane)				/* P2 */
	:: else -> cons = seen
	fi
}

/* coloop_tx_must_notify() */
inline tx_notify()
{
	P5;							/* P5 */
	d_step {
		crossed = CROSSED(mem[WAIT], told, prod);	/* P6 */
		told = prod;
		burst = 0
	};
	if
	:: crossed -> notify(sbP, data_event)
	:: else
	fi
}

proctype producer()
{
	byte prod = START, cons = START, told = START, size, seen, i, burst;
	bool crossed;

	do
	:: SUB(prod, START) == K -> break
	:: else ->
		size = 1;
		do
		:: break
		:: size < BIGGEST && SUB(prod, START) + size < K -> size++
		od;
		do
		:: ROOM >= size -> break
		:: else ->
			tx_look();
			if
			:: ROOM >= size -> break
			:: else
			fi;
			if
			:: burst && TELL_BEFORE_SLEEP -> tx_notify()
			:: else
			fi;
			store(sbP, WANT, P7);			/* P7 */
			P8;					/* P8 */
			if
			:: P9 -> tx_look()			/* P9 */
			:: else
			fi;
			if
			:: ROOM >= size -> break
			:: else
			fi;
			SLEEP(P, room_event);
			tx_look()
		od;
#ifdef P4_BEFORE_P3
		store(sbP, PROD, prod + size);
#endif
		i = 0;
		do
		:: i < size ->
			/* Room that the consumer has not given back is not ours. */
			claim(bounds, SUB(prod + i, cons) < N);
			store(sbP, AT(prod + i), prod + i);	/* P3 */
			i++
		:: else -> break
		od;
		prod = (prod + size) & 255;
#ifndef P4_BEFORE_P3
		store(sbP, PROD, prod);				/* P4 */
#endif
		burst++;
		if
		:: tx_notify()
		:: burst < BURST
		fi
	od;
	if
	:: burst -> tx_notify()
	:: else
	fi;
broken:
	done_P = true
}

/* coloop_rx_publish() */
inline rx_publish()
{
	batch = 0;
	if
	:: told != cons ->
#ifndef C4_BEFORE_C3
		store(sbC, CONS, cons);				/* C4 */
#endif
		C5;						/* C5 */
		d_step {
			crossed = CROSSED(mem[WANT], told, cons); /* C6 */
			told = cons
		};
		if
		:: crossed -> notify(sbC, room_event)
		:: else
		fi
	:: else
	fi
}

/* coloop_rx_next() */
inline rx_look()
{
	seen = mem[PROD];					/* C1 */
	if
	:: C2(seen) -> LIAR(sane)				/* C2 */
	:: else -> prod = seen
	fi
}

proctype consumer()
{
	byte cons = START, prod = START, told = START, seen, batch;
	bool crossed;

	do
	:: SUB(cons, START) == K -> break
	:: else ->
		if
		:: prod == cons -> rx_look()
		:: else
		fi;
		if
		:: prod != cons ->
			claim(bounds, SUB(prod, cons) <= N);
#ifdef C4_BEFORE_C3
			store(sbC, CONS, cons + 1);
#endif
#ifndef HOSTILE
			claim(order, mem[AT(cons)] == cons);	/* C3 */
#endif
			cons = (cons + 1) & 255;
			batch++;
			if
			:: rx_publish()
			:: batch < BATCH
			fi
		:: else ->
			if
			:: PUBLISH_BEFORE_SLEEP -> rx_publish()
			:: else
			fi;
			store(sbC, WAIT, C7);			/* C7 */
			C8;					/* C8 */
			if
			:: C9 != cons				/* C9 */
			:: else -> SLEEP(C, data_event)
			fi
		fi
	od;
broken:
	done_C = true
}

#ifdef HOSTILE
/* Stands in for one end and says anything, as often as it likes. */
proctype liar(byte word)
{
end:	do
	:: mem[word] = 0
	:: mem[word]++
	:: atomic { data_event = true; room_event = true }
	od
}
#endif

init {
	d_step {
		mem[PROD] = START;
		mem[CONS] = START;
		mem[WANT] = START;
		mem[WAIT] = START
	};
	atomic {
		run flush_P();
		run flush_C();
#if defined(HOSTILE_PRODUCER)
		run liar(PROD);
		run consumer()
#elif defined(HOSTILE_CONSUMER)
		run liar(CONS);
		run producer()
#else
		run producer();
		run consumer()
#endif
	}
}

#ifdef LIVE
ltl done { <>(done_P && done_C) }
#endif
