/* SPDX-License-Identifier: GPL-2.0 */
/* A co-resident domain: created, changed and removed by the control plane. */

#ifndef _COLOOP_PEER_H
#define _COLOOP_PEER_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "selectors.h"

struct coloop_peer_config;

/* What the data path wants done in process context. */
enum coloop_todo {
	COLOOP_TODO_WANT, /* tell the control plane that a channel is wanted */
	COLOOP_TODO_LIVE, /* the peer mapped our pages */
	COLOOP_TODO_CLOSE, /* the peer closes */
	COLOOP_TODO_FAULT, /* the peer broke the protocol or stalls */
	COLOOP_TODO_TIMEOUT, /* the peer did not map our pages in time */
	COLOOP_TODO_UNLINKED, /* the last lower device went away */
	COLOOP_TODO_MARKER, /* a marker of the peer has arrived */
	COLOOP_TODO_LOWER, /* a lower device may have become fit for a channel, or unfit */
	COLOOP_TODO_GRANT, /* a socket found no block to write into */
	COLOOP_TODO_MAP, /* the peer has granted more pages */
	COLOOP_TODO_COUNTS, /* tell the control plane to look at the counters */
};

struct coloop_peer {
	struct coloop_channel channel;

	/* Set once the control plane was asked for a channel. */
	unsigned long wanted;
	/* Set once the control plane was notified to look at the counters, until it does. */
	unsigned long counts_notified;
	unsigned long todo;
	struct work_struct work;

	/* Asked where the channel does not divert all; replaced under the lock. NULL: all. */
	struct coloop_selectors __rcu *selectors;

	/* Packets that took the ordinary path, by enum coloop_ordinary. */
	atomic64_t ordinary[COLOOP_ORDINARY_MAX + 1];

	/* Never changes. */
	domid_t domid;

	/* Under coloop_peers_lock. */
	struct list_head entry;
	struct list_head links;

	/* The channel's state machine and what follows (R15). */
	struct mutex lock;
	bool is_dead;
	/* The control plane has been told that a lower device may not receive. */
	bool is_blocked;
	u32 epoch;
	char name[COLOOP_NAME_MAX + 1];

	/* Lifetime. */
	struct kref refcount;
	struct rcu_head rcu;
};

/* Under coloop_peers_lock (peerlookup.h). */
extern struct list_head coloop_peers;

int coloop_peer_init(void);
void coloop_peer_uninit(void);

int coloop_peer_create(const struct coloop_peer_config *config, struct netlink_ext_ack *extack);
int coloop_peer_change(const struct coloop_peer_config *config, struct netlink_ext_ack *extack);
/* Closes the channel for @reason, waits for the data path to let go, forgets the peer. */
int coloop_peer_remove(domid_t domid, enum coloop_reason reason);
void coloop_peer_remove_all(enum coloop_reason reason);

/* Takes a reference, or NULL. */
struct coloop_peer *coloop_peer_get(domid_t domid);
void coloop_peer_put(struct coloop_peer *peer);

/* From any context: have the peer's worker do this. */
void coloop_peer_post(struct coloop_peer *peer, enum coloop_todo todo);
/* What was posted of a channel's life that is over; what was posted of the peer stays. */
void coloop_peer_unpost_channel(struct coloop_peer *peer);
/* A packet had no channel to go through; tells the control plane once. */
void coloop_peer_want(struct coloop_peer *peer);
/*
 * Packets wait for room, or are kept on the ordinary path by how a lower device is set up; tells
 * the control plane once, until it has read the counters.
 */
void coloop_peer_notify_counts(struct coloop_peer *peer);
/* It reads them now. */
void coloop_peer_rearm_counts(struct coloop_peer *peer);

static inline bool coloop_peer_has_selectors(const struct coloop_peer *peer)
{
	return rcu_access_pointer(peer->selectors);
}

/* Under rcu_read_lock(): do its selectors leave the packet to the channel? */
bool coloop_peer_selects(const struct coloop_peer *peer, const struct sk_buff *skb);

static inline struct coloop_peer *coloop_channel_peer(struct coloop_channel *ch)
{
	return container_of(ch, struct coloop_peer, channel);
}

#endif /* _COLOOP_PEER_H */
