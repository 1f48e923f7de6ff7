/* SPDX-License-Identifier: GPL-2.0 */
/* From the addresses of a frame to the link it belongs to, under RCU. */

#ifndef _COLOOP_PEERLOOKUP_H
#define _COLOOP_PEERLOOKUP_H

#include <linux/if_ether.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>

struct coloop_egress;
struct coloop_peer;

/**
 * struct coloop_link - a pair of interfaces through which we and a peer reach each other
 * @entry: in the look-up table
 * @dev: our lower device; a reference is held
 * @local: our address there
 * @remote: the peer's
 * @mtu: longest IP packet that the ordinary path carries; 0: as the lower device says
 * @egress: the lower device's hook
 * @peer: not referenced: the peer outlives its links by a grace period
 */
struct coloop_link {
	struct hlist_node entry;
	struct list_head peer_entry;
	struct net_device *dev;
	u8 local[ETH_ALEN];
	u8 remote[ETH_ALEN];
	u32 mtu;
	struct coloop_egress *egress;
	struct coloop_peer *peer;
	struct rcu_head rcu;
};

/* Guards every peer's links, and the list of peers; taken inside rtnl, never around it. */
extern struct mutex coloop_peers_lock;

void coloop_peerlookup_init(void);

/* Under coloop_peers_lock.  -EEXIST: the pair of addresses belongs to a link already. */
int coloop_link_insert(struct coloop_link *link);
void coloop_link_remove(struct coloop_link *link);

/* Under rcu_read_lock.  By our address and the peer's. */
struct coloop_link *coloop_link_find(const u8 *local, const u8 *remote);

#endif /* _COLOOP_PEERLOOKUP_H */
