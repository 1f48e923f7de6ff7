/* SPDX-License-Identifier: GPL-2.0 */
/* A lower device that has links: the netfilter hook that looks at each frame that leaves by it. */

#ifndef _COLOOP_EGRESS_H
#define _COLOOP_EGRESS_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>

#include "discipline.h"

/**
 * struct coloop_egress - one for each lower device, shared by the links there
 * @dev: the lower device; the links hold the references
 * @ops: the hook, last in the device's list
 * @links: how many links there are
 * @entry: in the list of all
 * @judged: the discipline of the first queue when the disciplines were last looked at
 * @judged_at: when that was, in jiffies
 * @discipline: what was found
 * @spoke_at: when a frame of our own last passed the ordinary path, in jiffies
 */
struct coloop_egress {
	struct net_device *dev;
	struct nf_hook_ops ops;
	unsigned int links;
	struct list_head entry;
	const struct Qdisc *judged;
	unsigned long judged_at;
	enum coloop_discipline discipline;
	unsigned long spoke_at;
	struct rcu_head rcu;
};

/* Both: under coloop_peers_lock, in the namespace that @dev is in. */
struct coloop_egress *coloop_egress_get(struct net_device *dev, struct netlink_ext_ack *extack);
/* The hook may run for another grace period. */
void coloop_egress_put(struct coloop_egress *egress);

/* Under rcu_read_lock(): what the disciplines would do; at most a jiffy old. */
enum coloop_discipline coloop_egress_discipline(struct coloop_egress *egress);
/* Under rcu_read_lock(): is ours the device's only hook, or its last? */
bool coloop_egress_is_alone(const struct coloop_egress *egress);
bool coloop_egress_is_last(const struct coloop_egress *egress);
/*
 * Under rcu_read_lock().  Sends a frame on the ordinary path if none of ours passed there for some
 * time: bridges forget an address that they do not see.
 */
void coloop_egress_speak(struct coloop_egress *egress, const u8 *local);

#endif /* _COLOOP_EGRESS_H */
