/* SPDX-License-Identifier: GPL-2.0 */
/* The fast path to one peer: its states, and what it holds in each. */

#ifndef _COLOOP_CHANNEL_H
#define _COLOOP_CHANNEL_H

#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "blocks.h"
#include "foreign.h"
#include "large.h"
#include "limits.h"
#include "marker.h"
#include "queue.h"
#include "uapi/coloop.h"

struct coloop_offer;
struct coloop_peer;

enum coloop_channel_flags {
	/* Set once a protocol fault or a stall was seen; the rings are not touched any more. */
	COLOOP_FAULTED,
	/* A device went, and its link; what the peer still sends there is no fault. */
	COLOOP_UNLINKED,
};

/**
 * struct coloop_channel - part of a peer, lives as long
 */
struct coloop_channel {
	/* Read for every packet; written under the peer's lock, the state by set_state(). */
	enum coloop_channel_state state;
	unsigned long flags;
	/* Packets are given to the queues: the channel is live, or what it holds goes back. */
	bool diverting;
	/* The same, and whatever they are: the peer has no selectors. */
	bool diverts_all;
	/* How many are in use, by both sides. */
	u32 queues;
	/* Microseconds that sockets poll busily; as the peer was set, in every life. */
	u32 busy_poll_us;
	/* What it was when it last was not 0, and what sockets may have therefore. */
	u32 busy_poll_given;
	/* Frag pages that may be granted to the peer; as the peer was set. */
	u32 frag_pages;
	/* A socket's packets have been made larger, see large.c. */
	bool large_given;
	/* What the peer says that it can receive, and which words it has: enum coloop_features. */
	u32 remote_features;

	/* The first fault's reason and number; written by whoever sets COLOOP_FAULTED. */
	enum coloop_reason fault;
	u32 fault_detail;
	atomic64_t returned;

	/* Control, under the peer's lock. */
	enum coloop_reason reason;
	u32 detail;
	u64 since;
	u32 order;
	/* In our control page; never 0. */
	u32 offer_number;
	/* How many hold memory: as many as we offered. */
	u32 offered;
	bool listens;
	wait_queue_head_t drained;
	struct delayed_work watchdog;
	struct coloop_marker marker;
	/* When the peer has to have mapped our pages, in jiffies. */
	unsigned long deadline;

	struct coloop_blocks blocks;
	struct coloop_foreign foreign;

	struct coloop_queue queue[COLOOP_QUEUES_MAX];
};

void coloop_channel_init(struct coloop_channel *ch);

/* All of these: under the peer's lock. */
int coloop_channel_offer(struct coloop_channel *ch, const struct coloop_offer *offer,
			 struct netlink_ext_ack *extack);
int coloop_channel_attach(struct coloop_channel *ch, grant_ref_t control_ref,
			  evtchn_port_t port, struct netlink_ext_ack *extack);
void coloop_channel_go_live(struct coloop_channel *ch);
/*
 * Around a change of the peer's selectors, by which flows change sides: what a live channel holds
 * goes first, as at its end, and what it is given after that follows, as at its beginning.
 */
void coloop_channel_pause(struct coloop_channel *ch);
void coloop_channel_resume(struct coloop_channel *ch);
/* Drains and ends it, from any state; waits up to COLOOP_DRAIN_MS. */
void coloop_channel_close(struct coloop_channel *ch, enum coloop_reason reason);
/* Its two halves, for callers that end many channels and wait for all of them at once. */
void coloop_channel_start_closing(struct coloop_channel *ch, enum coloop_reason reason);
void coloop_channel_finish_closing(struct coloop_channel *ch, unsigned long deadline);
/* The peer did not map our pages in time. */
void coloop_channel_expire(struct coloop_channel *ch);
/* Ends it without draining: the peer broke the protocol or stopped taking data. */
void coloop_channel_fail(struct coloop_channel *ch);
void coloop_channel_uninit(struct coloop_channel *ch);

/* From any context: the peer broke the protocol or stalls.  The first call counts. */
void coloop_channel_fault(struct coloop_channel *ch, enum coloop_reason reason, u32 detail);
/* Starts the watchdog unless it looks at this queue. */
void coloop_channel_watch(struct coloop_queue *queue);
/* Bytes in our rings that the peer has not taken, and in the backlogs. */
u32 coloop_channel_queued(struct coloop_channel *ch);
bool coloop_channel_is_drained(struct coloop_channel *ch);
/* From the poll of a channel that holds packets: may it go on? */
void coloop_channel_look(struct coloop_channel *ch);
/* Is what the peer has mapped our present offer?  Only after its `side` says that it has mapped. */
bool coloop_channel_peer_mapped_ours(const struct coloop_channel *ch);

static inline bool coloop_channel_is_faulted(const struct coloop_channel *ch)
{
	return test_bit(COLOOP_FAULTED, &ch->flags);
}

static inline bool coloop_channel_is_live(const struct coloop_channel *ch)
{
	return READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_LIVE &&
	       !coloop_channel_is_faulted(ch);
}

/* Are packets to be given to coloop_send()? */
static inline bool coloop_channel_is_diverting(const struct coloop_channel *ch)
{
	return READ_ONCE(ch->diverting);
}

/* And whatever they are? */
static inline bool coloop_channel_diverts_all(const struct coloop_channel *ch)
{
	return READ_ONCE(ch->diverts_all);
}

/* Until when rings that close from now on may run empty, in jiffies. */
static inline unsigned long coloop_channel_drain_deadline(void)
{
	return jiffies + msecs_to_jiffies(COLOOP_DRAIN_MS);
}

/* Does it hold memory and ports? */
static inline bool coloop_channel_is_up(const struct coloop_channel *ch)
{
	return ch->offered;
}

extern atomic_t coloop_channels_up;

#endif /* _COLOOP_CHANNEL_H */
