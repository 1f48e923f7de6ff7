/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One queue of a channel: a ring each way, a control page each side, an event channel.  What the
 * queues of a channel share is its state (channel.h); no lock is shared between them.
 */

#ifndef _COLOOP_QUEUE_H
#define _COLOOP_QUEUE_H

#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/ratelimit_types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "evtchn.h"
#include "grant.h"
#include "pool.h"
#include "ring.h"
#include "window.h"

struct coloop_channel;
struct coloop_geometry;

enum coloop_queue_flags {
	/* The channel's watchdog looks at this queue. */
	COLOOP_WATCHED,
};

/* What becomes of a packet that is to be sent; under tx_lock. */
enum coloop_queue_mode {
	COLOOP_QUEUE_CLOSED, /* it takes the ordinary path */
	COLOOP_QUEUE_HOLDING, /* it waits in the backlog for what went the other way before it */
	COLOOP_QUEUE_OPEN, /* it goes into the ring, or waits for room there */
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
	/* Those of the bytes that were not copied. */
	u64 referred;
};

struct coloop_rx_stats {
	u64 packets;
	u64 bytes;
	u64 dropped_source;
	u64 dropped_header;
	u64 dropped_memory;
	u64 dropped_device;
	/* Waits in Xen, and those of them that the peer's next packet ended. */
	u64 waits;
	u64 waits_paid;
};

/**
 * struct coloop_queue - part of a channel, lives as long
 *
 * Counters have one writer each and are read without a lock; the module is for 64-bit machines.
 */
struct coloop_queue {
	/* Sending. */
	spinlock_t tx_lock;
	enum coloop_queue_mode mode;
	struct coloop_channel *channel;
	struct coloop_tx tx;
	/* Of datagrams, and of bytes that records refer to. */
	struct coloop_window window;
	struct coloop_window referred;
	struct coloop_backlog backlog[COLOOP_CLASSES];
	/* Packets in the ring that their sockets shall still count, each with its end in cb. */
	struct sk_buff_head charged;
	/* The end of a charged packet at which the peer sends an event. */
	u32 charged_mark;
	struct coloop_tx_stats tx_stats;

	/* Receiving; only the poll touches these. */
	struct napi_struct napi ____cacheline_aligned_in_smp;
	struct coloop_rx rx;
	struct coloop_pool pool;
	struct coloop_rx_stats rx_stats;
	/* How many more frames may be wrong. */
	struct ratelimit_state bad_frames;
	/* Polls in a row that used up their budget. */
	unsigned int full_polls;
	/* A socket polls busily, and its last call found nothing and asked for an event. */
	bool may_wait;
	/* Polls in a kernel thread when those are too many. */
	struct work_struct thread;
	/* Written by the interrupt alone. */
	u64 events_received;

	struct coloop_evtchn evtchn ____cacheline_aligned_in_smp;

	/* Read by both; hardly ever written. */
	unsigned long flags ____cacheline_aligned_in_smp;

	/* Control, under the peer's lock. */
	struct coloop_control *own;
	struct coloop_pages *pages;
	struct coloop_map control_map;
	struct coloop_map ring_map;
	u32 remote_order;
	void *ring;

	/* Progress as the watchdog last saw it. */
	unsigned long progress_at;
	u32 progress_cons;
};

void coloop_queue_init(struct coloop_queue *queue, struct coloop_channel *ch);

/* All of these: under the peer's lock, in this order. */

/*
 * Allocates what the peer shall map, and with @listen an event channel; grants nothing.  Uses up
 * coloop_queue_grants() of what was reserved, or gives them back.
 */
int coloop_queue_prepare(struct coloop_queue *queue, domid_t domid, u32 order, bool listen,
			 struct netlink_ext_ack *extack);
/* Grants it.  Cannot fail. */
void coloop_queue_share(struct coloop_queue *queue, u32 order, u32 epoch);
/* Maps what the peer granted; @copy is what its control page says. */
int coloop_queue_map(struct coloop_queue *queue, grant_ref_t control_ref,
		     struct coloop_geometry *copy, struct netlink_ext_ack *extack);
/* Binds our event channel, or @port of the peer's if we have none, to the queue's poll. */
int coloop_queue_connect(struct coloop_queue *queue, evtchn_port_t port,
			 struct netlink_ext_ack *extack);
/* Undoes the last two, in any state of theirs. */
void coloop_queue_detach(struct coloop_queue *queue, bool listens);
/* R12: stops NAPI and its events. */
void coloop_queue_stop(struct coloop_queue *queue);
/* After that of all queues of the channel: unmaps, ends the grants, frees. */
void coloop_queue_release(struct coloop_queue *queue);

/* The control page and the ring. */
static inline unsigned int coloop_queue_grants(u32 order)
{
	return 1 + (1u << order);
}

/* Under tx_lock: can packets be put into it, as far as the queue is concerned? */
static inline bool coloop_queue_is_attached(const struct coloop_queue *queue)
{
	return queue->tx.size;
}

#endif /* _COLOOP_QUEUE_H */
