/* SPDX-License-Identifier: GPL-2.0 */
/* The fast path to one peer: its states, and what it holds in each. */

#ifndef _COLOOP_CHANNEL_H
#define _COLOOP_CHANNEL_H

#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "evtchn.h"
#include "grant.h"
#include "pool.h"
#include "ring.h"
#include "uapi/coloop.h"
#include "window.h"

struct coloop_peer;

enum coloop_channel_flags {
	/* Set once a lie or a stall was seen; nothing is read from or written to the rings then. */
	COLOOP_FAULTED,
	/* The watchdog is running. */
	COLOOP_WATCHED,
};

/* Packets that wait for room; guarded by tx_lock. */
struct coloop_backlog {
	struct sk_buff_head queue;
	u32 bytes;
};

enum coloop_class {
	COLOOP_BULK, /* TCP: paced by its own windows */
	COLOOP_DATAGRAM, /* all else: paced by struct coloop_window */
	COLOOP_CLASSES,
};

struct coloop_tx_stats {
	u64 packets;
	u64 bytes;
	u64 events;
	u64 backlogged;
	u64 dropped_backlog;
};

struct coloop_rx_stats {
	u64 packets;
	u64 bytes;
	u64 dropped_source;
	u64 dropped_header;
	u64 dropped_memory;
};

/**
 * struct coloop_channel - part of a peer, lives as long
 *
 * Counters have one writer each and are read without a lock; the module is for 64-bit machines.
 */
struct coloop_channel {
	/* Sending. */
	spinlock_t tx_lock;
	struct coloop_tx tx;
	struct coloop_window window;
	struct coloop_backlog backlog[COLOOP_CLASSES];
	/* Packets in the ring that their sockets shall still count, each with its end in cb. */
	struct sk_buff_head lent;
	/* The lent packet's end of which the peer tells us. */
	u32 lent_mark;
	struct coloop_tx_stats tx_stats;

	/* Receiving; only the poll touches these. */
	struct napi_struct napi ____cacheline_aligned_in_smp;
	struct coloop_rx rx;
	struct coloop_pool pool;
	struct coloop_rx_stats rx_stats;

	/* Read for every packet; written under the peer's lock and tx_lock by set_state(). */
	enum coloop_channel_state state ____cacheline_aligned_in_smp;
	unsigned long flags;
	/* What the peer says that it can receive, enum coloop_features. */
	u32 remote_features;
	struct coloop_evtchn evtchn;
	atomic64_t events_received;
	atomic64_t returned;

	/* The first fault's reason and number; written by whoever sets COLOOP_FAULTED. */
	enum coloop_reason fault;
	u32 fault_detail;

	/* Control, under the peer's lock. */
	enum coloop_reason reason;
	u32 detail;
	u64 since;
	u32 order;
	u32 remote_order;
	bool listens;
	struct coloop_control *own;
	struct coloop_pages *pages;
	struct coloop_map control_map;
	struct coloop_map ring_map;
	void *ring;
	wait_queue_head_t drained;

	/* Progress as the watchdog last saw it. */
	struct delayed_work watchdog;
	unsigned long progress_at;
	u32 progress_cons;
};

void coloop_channel_init(struct coloop_channel *ch);

/* All of these: under the peer's lock. */
int coloop_channel_offer(struct coloop_channel *ch, u32 order, bool listen,
			 struct netlink_ext_ack *extack);
int coloop_channel_attach(struct coloop_channel *ch, grant_ref_t control_ref,
			  evtchn_port_t port, struct netlink_ext_ack *extack);
void coloop_channel_go_live(struct coloop_channel *ch);
/* Drains and ends it, from any state; waits up to COLOOP_DRAIN_MS. */
void coloop_channel_close(struct coloop_channel *ch, enum coloop_reason reason);
/* The peer did not map our pages in time. */
void coloop_channel_expire(struct coloop_channel *ch);
/* Ends it without draining: the peer broke the protocol or stopped taking data. */
void coloop_channel_fail(struct coloop_channel *ch);
void coloop_channel_uninit(struct coloop_channel *ch);

/* From any context: the peer lied or stalls.  The first call counts. */
void coloop_channel_fault(struct coloop_channel *ch, enum coloop_reason reason, u32 detail);
/* Starts the watchdog unless it runs. */
void coloop_channel_watch(struct coloop_channel *ch);
/* Bytes in our ring that the peer has not taken, and in the backlog. */
u32 coloop_channel_queued(struct coloop_channel *ch);
bool coloop_channel_is_drained(struct coloop_channel *ch);

static inline bool coloop_channel_is_live(const struct coloop_channel *ch)
{
	return READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_LIVE &&
	       !test_bit(COLOOP_FAULTED, &ch->flags);
}

/* Does it hold memory and ports? */
static inline bool coloop_channel_is_up(const struct coloop_channel *ch)
{
	return ch->own;
}

extern atomic_t coloop_channels_up;

#endif /* _COLOOP_CHANNEL_H */
