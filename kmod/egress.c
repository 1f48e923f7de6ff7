// SPDX-License-Identifier: GPL-2.0

#include "egress.h"
#include "limits.h"
#include "peerlookup.h"
#include "queueing.h"

#include <linux/etherdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/slab.h>

static LIST_HEAD(egresses); /* under coloop_peers_lock */

static struct coloop_egress *egress_find(const struct net_device *dev)
{
	struct coloop_egress *egress;

	list_for_each_entry(egress, &egresses, entry) {
		if (egress->dev == dev)
			return egress;
	}
	return NULL;
}

static struct coloop_egress *egress_create(struct net_device *dev, struct netlink_ext_ack *extack)
{
	struct coloop_egress *egress = kzalloc(sizeof(*egress), GFP_KERNEL);
	int ret;

	if (!egress)
		return ERR_PTR(-ENOMEM);
	egress->dev = dev;
	egress->spoke_at = jiffies;
	egress->ops = (struct nf_hook_ops){
		.hook = coloop_divert_frame,
		.priv = egress,
		.dev = dev,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_EGRESS,
		.priority = INT_MAX,
	};
	/* Where there is no such hook, coloop_link_blocked() lets the link have no channel. */
	ret = IS_ENABLED(CONFIG_NETFILTER_EGRESS) ?
		nf_register_net_hook(dev_net(dev), &egress->ops) : 0;
	if (ret) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "no egress hook at %s: error %d", dev->name, ret);
		kfree(egress);
		return ERR_PTR(ret);
	}
	list_add_tail(&egress->entry, &egresses);
	return egress;
}

struct coloop_egress *coloop_egress_get(struct net_device *dev, struct netlink_ext_ack *extack)
{
	struct coloop_egress *egress;

	lockdep_assert_held(&coloop_peers_lock);
	egress = egress_find(dev);
	if (!egress)
		egress = egress_create(dev, extack);
	if (!IS_ERR(egress))
		egress->links++;
	return egress;
}

void coloop_egress_put(struct coloop_egress *egress)
{
	lockdep_assert_held(&coloop_peers_lock);
	if (--egress->links)
		return;
	list_del(&egress->entry);
	if (IS_ENABLED(CONFIG_NETFILTER_EGRESS))
		nf_unregister_net_hook(dev_net(egress->dev), &egress->ops);
	kfree_rcu(egress, rcu);
}

enum coloop_discipline coloop_egress_discipline(struct coloop_egress *egress)
{
	const struct Qdisc *first =
		rcu_access_pointer(netdev_get_tx_queue(egress->dev, 0)->qdisc);

	/* Options change in place, so what was found holds for a jiffy only. */
	if (likely(!time_after(jiffies, READ_ONCE(egress->judged_at)) &&
		   READ_ONCE(egress->judged) == first))
		return READ_ONCE(egress->discipline);
	/* Another CPU may see the new time with the old finding, for as long as a store takes. */
	WRITE_ONCE(egress->discipline, coloop_discipline_of(egress->dev));
	WRITE_ONCE(egress->judged, first);
	WRITE_ONCE(egress->judged_at, jiffies);
	return READ_ONCE(egress->discipline);
}

#ifdef CONFIG_NETFILTER_EGRESS
static const struct nf_hook_entries *egress_hooks(const struct coloop_egress *egress)
{
	return rcu_dereference_check(egress->dev->nf_hooks_egress, rcu_read_lock_bh_held());
}

bool coloop_egress_is_alone(const struct coloop_egress *egress)
{
	const struct nf_hook_entries *hooks = egress_hooks(egress);

	return hooks && hooks->num_hook_entries == 1;
}

bool coloop_egress_is_last(const struct coloop_egress *egress)
{
	const struct nf_hook_entries *hooks = egress_hooks(egress);

	return hooks && hooks->hooks[hooks->num_hook_entries - 1].hook == coloop_divert_frame;
}
#else
bool coloop_egress_is_alone(const struct coloop_egress *egress)
{
	return false;
}

bool coloop_egress_is_last(const struct coloop_egress *egress)
{
	return false;
}
#endif

/*
 * A frame from our address to our address, of the configuration testing protocol (Ethernet 2.0,
 * chapter 8), as switches send it to test a line.  A bridge learns the source address, and does not
 * send the frame back to the port that it came from, so nobody else receives it.
 */
static struct sk_buff *egress_make_frame(struct net_device *dev, const u8 *local)
{
	struct sk_buff *skb = alloc_skb(LL_RESERVED_SPACE(dev) + ETH_ZLEN + dev->needed_tailroom,
					GFP_ATOMIC);
	struct ethhdr *eth;

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(dev) - ETH_HLEN);
	eth = skb_put_zero(skb, ETH_ZLEN);
	ether_addr_copy(eth->h_dest, local);
	ether_addr_copy(eth->h_source, local);
	eth->h_proto = htons(ETH_P_LOOPBACK);
	skb->protocol = eth->h_proto;
	skb_set_network_header(skb, ETH_HLEN);
	skb->dev = dev;
	return skb;
}

void coloop_egress_speak(struct coloop_egress *egress, const u8 *local)
{
	unsigned long spoke_at = READ_ONCE(egress->spoke_at);
	struct sk_buff *skb;

	if (likely(time_before(jiffies, spoke_at + msecs_to_jiffies(COLOOP_SPEAK_MS))))
		return;
	if (cmpxchg(&egress->spoke_at, spoke_at, jiffies) != spoke_at)
		return;
	/* A bridge's own address does not age. */
	if (netif_is_bridge_master(egress->dev))
		return;
	skb = egress_make_frame(egress->dev, local);
	if (skb)
		dev_queue_xmit(skb);
}
