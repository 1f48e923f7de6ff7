// SPDX-License-Identifier: GPL-2.0
/*
 * Which packets leave the ordinary path.  The hook is the last before conntrack confirms; it only
 * points skb->dev at coloop0 and lets the packet go on, so conntrack, the neighbour and the header
 * cache see what they would have seen.  ip_output() and ip6_output() set skb->dev before the hook,
 * and nothing between it and dev_queue_xmit() looks at it (5.10, 6.1, 6.12).
 */

#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/arp.h>
#include <net/ip.h>
#include <net/lwtunnel.h>
#include <net/ndisc.h>
#include <net/sch_generic.h>

static struct neighbour *next_hop4(const struct sk_buff *skb, struct net_device *dev)
{
	const struct rtable *rt = coloop_compat_rtable(skb_dst(skb));

	if (rt->rt_gw_family == AF_INET6)
		return __ipv6_neigh_lookup_noref_stub(dev, &rt->rt_gw6);
	return __ipv4_neigh_lookup_noref(dev, (__force u32)rt_nexthop(rt, ip_hdr(skb)->daddr));
}

static struct neighbour *next_hop6(const struct sk_buff *skb, struct net_device *dev)
{
	const struct rt6_info *rt = coloop_compat_rt6(skb_dst(skb));

	return __ipv6_neigh_lookup_noref_stub(dev, rt6_nexthop(rt, &ipv6_hdr(skb)->daddr));
}

/* The link that the frame's next hop is on, if a peer is there. */
static struct coloop_link *link_to(const struct neighbour *neigh, struct net_device *dev)
{
	u8 remote[ALIGN(MAX_ADDR_LEN, sizeof(unsigned long))];
	struct coloop_link *link;

	if (!neigh || !(READ_ONCE(neigh->nud_state) & NUD_VALID) || dev->addr_len != ETH_ALEN)
		return NULL;
	neigh_ha_snapshot(remote, neigh, dev);
	link = coloop_link_find(dev->dev_addr, remote);
	/* A VLAN's device has the same addresses as the one below, and leads elsewhere. */
	return link && link->dev == dev ? link : NULL;
}

/* Queueing that orders packets but promises nobody a rate; any other is a rule. */
static bool is_plain_qdisc(const struct Qdisc_ops *ops)
{
	static const char *const plain[] = { "noqueue", "fq_codel", "pfifo_fast", "fq" };

	return match_string(plain, ARRAY_SIZE(plain), ops->id) >= 0;
}

/* Under mq each queue has a discipline of its own; any other root is the discipline of them all. */
static bool has_rules_in_queues(const struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->real_num_tx_queues; i++)
		if (!is_plain_qdisc(rcu_dereference(netdev_get_tx_queue(dev, i)->qdisc)->ops))
			return true;
	return false;
}

/* Would the ordinary path apply rules to packets leaving here that coloop0 does not? */
static bool has_egress_rules(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
	return coloop_compat_has_tc_egress(dev) || has_rules_in_queues(dev);
}

/* May this packet skip the lower device at all? */
static bool is_eligible(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	/* A frame that dom0 only bridges passes here, too (br_netfilter); its route is made up. */
	if (!dst || dst->dev != state->out || nf_bridge_info_get(skb))
		return false;
#ifdef CONFIG_XFRM
	if (dst->xfrm)
		return false;
#endif
	return !lwtunnel_xmit_redirect(dst->lwtstate) && coloop_dev->flags & IFF_UP;
}

/*
 * Must the stack cut this datagram, and may it?  As ip_finish_output() would decide.  A tunnel's
 * stays the stack's: the checksum within, still to be filled in, is lost where UDP is cut as such.
 * So does one that is only passed on: nobody here may have looked at its checksum.
 */
static bool is_large_udp4(struct sk_buff *skb, struct sock *sk)
{
	const struct iphdr *ip = ip_hdr(skb);

	return ip->protocol == IPPROTO_UDP && !skb->encapsulation && !ip_is_fragment(ip) &&
	       skb->len > ip_skb_dst_mtu(sk, skb) && !IPCB(skb)->frag_max_size &&
	       !(IPCB(skb)->flags & IPSKB_FORWARDED) &&
	       (!(ip->frag_off & htons(IP_DF)) || skb->ignore_df) && ip->ihl == 5;
}

static bool is_large_udp6(struct sk_buff *skb)
{
	/* A jumbogram has no length in its header. */
	return ipv6_hdr(skb)->nexthdr == IPPROTO_UDP && !skb->encapsulation && skb->ignore_df &&
	       skb->len > ip6_skb_dst_mtu(skb) && !IP6CB(skb)->frag_max_size &&
	       skb->len <= IPV6_MAXPLEN;
}

/* Lets a datagram above the MTU cross as one record, ready to be cut where it leaves the host. */
static void make_one_record(struct sk_buff *skb, unsigned int headers, unsigned int mtu)
{
	struct skb_shared_info *info;

	/* Clones share this metadata, and theirs must stay as it is. */
	if (skb_unclone(skb, GFP_ATOMIC))
		return;
	info = skb_shinfo(skb);
	info->gso_type = SKB_GSO_UDP;
	info->gso_size = (mtu - headers) & ~7;
	info->gso_segs = DIV_ROUND_UP(skb->len - headers, info->gso_size);
	/* Such a datagram was summed while it was copied; else the stack would cut it for that. */
	if (skb->ip_summed == CHECKSUM_NONE)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
}

static void divert(struct sk_buff *skb, struct coloop_link *link)
{
	struct coloop_peer *peer = link->peer;

	if (unlikely(!coloop_channel_is_live(&peer->channel))) {
		coloop_peer_want(peer);
		return;
	}
	skb->dev = coloop_dev;
	trace_coloop_divert(peer->domid, skb->len);
}

static unsigned int hook4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct coloop_link *link;

	if (!coloop_device_has_links(state->out) || !is_eligible(skb, state))
		return NF_ACCEPT;
	link = link_to(next_hop4(skb, state->out), state->out);
	if (!link || has_egress_rules(state->out))
		return NF_ACCEPT;
	divert(skb, link);
	if (skb->dev == coloop_dev && !skb_is_gso(skb) && is_large_udp4(skb, state->sk))
		make_one_record(skb, sizeof(struct iphdr), ip_skb_dst_mtu(state->sk, skb));
	return NF_ACCEPT;
}

static unsigned int hook6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct coloop_link *link;

	if (!coloop_device_has_links(state->out) || !is_eligible(skb, state))
		return NF_ACCEPT;
	link = link_to(next_hop6(skb, state->out), state->out);
	if (!link || has_egress_rules(state->out))
		return NF_ACCEPT;
	divert(skb, link);
	if (skb->dev == coloop_dev && !skb_is_gso(skb) && is_large_udp6(skb))
		make_one_record(skb, sizeof(struct ipv6hdr) + sizeof(struct frag_hdr),
				ip6_skb_dst_mtu(skb));
	return NF_ACCEPT;
}

/* After all others, so that none queues or changes the packet later; conntrack confirms last. */
static const struct nf_hook_ops hooks[] = {
	{
		.hook = hook4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK_CONFIRM - 1,
	},
	{
		.hook = hook6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP6_PRI_LAST - 1,
	},
};

int coloop_divert_init(void)
{
	return nf_register_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
}

/* A next hop that turned unreachable behind the hook has parked the packet; set it right. */
static void return_parked(struct neighbour *neigh, void *unused)
{
	struct sk_buff *skb;

	write_lock_bh(&neigh->lock);
	skb_queue_walk(&neigh->arp_queue, skb) {
		if (skb->dev == coloop_dev)
			skb->dev = neigh->dev;
	}
	write_unlock_bh(&neigh->lock);
}

void coloop_divert_uninit(void)
{
	nf_unregister_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
	synchronize_net();
#ifdef CONFIG_TASKS_RCU
	/* Between hook and dev_queue_xmit() older kernels hold no RCU lock. */
	synchronize_rcu_tasks();
#endif
	neigh_for_each(&arp_tbl, return_parked, NULL);
#if IS_ENABLED(CONFIG_IPV6)
	/* None with ipv6.disable=1, or without the module. */
	if (ipv6_stub->nd_tbl)
		neigh_for_each(ipv6_stub->nd_tbl, return_parked, NULL);
#endif
}
