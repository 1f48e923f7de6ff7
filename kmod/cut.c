// SPDX-License-Identifier: GPL-2.0
/*
 * A datagram above the MTU crosses as one record, and so does a train of them (UDP_SEGMENT).
 * Over netfront they would have come as IP fragments and as single datagrams.  Captures show
 * that, and some rules decide by it (`ip frag-off`, `ip length`).  Where the receiving kernel has
 * any who would see it, they are cut again; where the sender has, they are not sent whole.
 */

#include "compat.h"
#include "limits.h"
#include "queueing.h"

#include <linux/etherdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <net/net_namespace.h>

bool coloop_cut_has_ingress(const struct net_device *dev)
{
	return coloop_compat_has_tc_ingress(dev) ||
#ifdef CONFIG_NETFILTER_INGRESS
	       rcu_access_pointer(dev->nf_hooks_ingress) ||
#endif
	       rcu_access_pointer(dev->xdp_prog);
}

#ifdef CONFIG_NETFILTER
static bool cut_is_defrag(const struct nf_hook_entries *hooks)
{
	const struct nf_hook_ops *first = nf_hook_entries_get_hook_ops(hooks)[0];

	/* A chain of nftables may have the same priority. */
	return first->priority == NF_IP_PRI_CONNTRACK_DEFRAG &&
	       first->hook_ops_type == NF_HOOK_OP_UNDEFINED;
}

/* Would hooks of IP see fragments?  None does if conntrack's defragmentation is the first. */
static bool cut_has_hooks(struct nf_hook_entries __rcu *const *hooks, bool input)
{
	const struct nf_hook_entries *first = rcu_dereference(hooks[NF_INET_PRE_ROUTING]);

	if (first)
		return !cut_is_defrag(first);
	return rcu_access_pointer(hooks[NF_INET_FORWARD]) ||
	       (input && rcu_access_pointer(hooks[NF_INET_LOCAL_IN]));
}

static bool cut_has_ip_hooks(const struct net_device *dev, __be16 protocol)
{
	const struct netns_nf *nf = &dev_net(dev)->nf;

	/* IPv4 puts fragments together before NF_INET_LOCAL_IN, IPv6 after it. */
	return protocol == htons(ETH_P_IP) ? cut_has_hooks(nf->hooks_ipv4, false) :
					     cut_has_hooks(nf->hooks_ipv6, true);
}

static bool cut_has_bridge_hooks(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_FAMILY_BRIDGE
	const struct netns_nf *nf = &dev_net(dev)->nf;

	return rcu_access_pointer(nf->hooks_bridge[NF_BR_PRE_ROUTING]) ||
	       rcu_access_pointer(nf->hooks_bridge[NF_BR_LOCAL_IN]);
#else
	return false;
#endif
}
#else
static bool cut_has_ip_hooks(const struct net_device *dev, __be16 protocol)
{
	return false;
}

static bool cut_has_bridge_hooks(const struct net_device *dev)
{
	return false;
}
#endif

/* A packet socket of this protocol that is bound to the device; others are not to be found. */
static bool cut_has_packet_socket(const struct net_device *dev, __be16 protocol)
{
	const struct packet_type *type;

	list_for_each_entry_rcu(type, &dev->ptype_specific, list) {
		if (type->type == protocol)
			return true;
	}
	return false;
}

bool coloop_cut_is_captured(struct net_device *lower)
{
	return dev_nit_active(lower) || !list_empty(&coloop_dev->ptype_all);
}

/* A bond's port, a bridge's, and what they belong to. */
static bool cut_has_device_hooks(struct net_device *dev)
{
	for (; dev; dev = netdev_master_upper_dev_get_rcu(dev)) {
		if (coloop_cut_has_ingress(dev) ||
		    (netif_is_bridge_port(dev) && cut_has_bridge_hooks(dev)))
			return true;
	}
	return false;
}

bool coloop_cut_is_needed(const struct sk_buff *skb)
{
	bool ret;

	rcu_read_lock();
	ret = coloop_cut_is_captured(skb->dev) || cut_has_packet_socket(skb->dev, skb->protocol);
	/* That trains are one packet to rules is the kernel's own way (rx-udp-gro-forwarding). */
	if (!ret && skb_shinfo(skb)->gso_type & SKB_GSO_UDP)
		ret = cut_has_ip_hooks(skb->dev, skb->protocol) || cut_has_device_hooks(skb->dev);
	rcu_read_unlock();
	return ret;
}

/*
 * The size is the peer's word: as the sender's stack would have cut, but with a bound, as one of
 * 1 would make a packet of every byte.  A datagram of a train is as long as it is.
 */
static u32 cut_size(const struct sk_buff *skb)
{
	u32 size = skb_shinfo(skb)->gso_size;

	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4)
		return size;
	return ALIGN_DOWN(max_t(u32, size, COLOOP_FRAGMENT_BYTES), 8);
}

struct sk_buff *coloop_cut(struct sk_buff *skb)
{
	u32 size = cut_size(skb);
	struct sk_buff *part, *list;

	if (skb->len - skb_transport_offset(skb) <= size) {
		skb_gso_reset(skb);
		return skb;
	}
	if (skb->len / size > COLOOP_CUT_MAX)
		return NULL;
	skb_shinfo(skb)->gso_size = size;
	__skb_push(skb, ETH_HLEN);
	/* Without NETIF_F_SG every part gets memory of its own and is charged for it. */
	list = skb_gso_segment(skb, NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(list))
		return NULL;
	consume_skb(skb);
	for (part = list; part; part = part->next)
		__skb_pull(part, ETH_HLEN);
	return list;
}
