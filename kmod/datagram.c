// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams above the MTU, which IP would cut long before the egress hook sees them: a peer's cross
 * whole, as one record.  Should the egress hook decline such a packet after all, the stack cuts it
 * at the lower device, see divert_decline().
 */

#include "egress.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/neighbour.h>

/*
 * Must the stack cut this datagram, and may it?  As ip_finish_output() would decide.  A tunnel's
 * stays the stack's: the checksum within, still to be filled in, is lost where UDP is cut as such.
 * So does one that is only passed on: nobody here may have looked at its checksum.
 */
static bool datagram_is_large4(struct sk_buff *skb, struct sock *sk)
{
	const struct iphdr *ip = ip_hdr(skb);

	return ip->protocol == IPPROTO_UDP && !skb->encapsulation && !ip_is_fragment(ip) &&
	       skb->len > ip_skb_dst_mtu(sk, skb) && !IPCB(skb)->frag_max_size &&
	       !(IPCB(skb)->flags & IPSKB_FORWARDED) &&
	       (!(ip->frag_off & htons(IP_DF)) || skb->ignore_df) && ip->ihl == 5;
}

static bool datagram_is_large6(struct sk_buff *skb)
{
	/* A jumbogram has no length in its header. */
	return ipv6_hdr(skb)->nexthdr == IPPROTO_UDP && !skb->encapsulation && skb->ignore_df &&
	       skb->len > ip6_skb_dst_mtu(skb) && !IP6CB(skb)->frag_max_size &&
	       skb->len <= IPV6_MAXPLEN;
}

/* The link that the packet's next hop is on.  Asked for datagrams above the MTU alone. */
static struct coloop_link *datagram_next_hop(struct sk_buff *skb, struct net_device *out)
{
	u8 remote[ALIGN(MAX_ADDR_LEN, sizeof(unsigned long))];
	const struct dst_entry *dst = skb_dst(skb);
	struct coloop_link *link = NULL;
	struct neighbour *neigh;

	if (!dst || dst->dev != out || dst_xfrm(dst) || out->addr_len != ETH_ALEN ||
	    !dst->ops->neigh_lookup)
		return NULL;
	neigh = dst_neigh_lookup_skb(dst, skb);
	if (!neigh)
		return NULL;
	if (READ_ONCE(neigh->nud_state) & NUD_VALID) {
		neigh_ha_snapshot(remote, neigh, out);
		link = coloop_link_find(out->dev_addr, remote);
	}
	neigh_release(neigh);
	return link && link->dev == out ? link : NULL;
}

/* Egress chains or captures would see fragments, or they are too long: the stack cuts as ever. */
static bool datagram_crosses_whole(struct sk_buff *skb, struct net_device *out)
{
	const struct coloop_link *link = datagram_next_hop(skb, out);
	const struct coloop_channel *ch;

	if (!link)
		return false;
	ch = &link->peer->channel;
	return coloop_channel_is_diverting(ch) &&
	       (coloop_channel_diverts_all(ch) || coloop_peer_selects(link->peer, skb)) &&
	       READ_ONCE(ch->remote_features) & COLOOP_FEATURE_LARGE_DATAGRAMS &&
	       coloop_egress_is_alone(link->egress) &&
	       (!READ_ONCE(link->mtu) || READ_ONCE(link->mtu) >= READ_ONCE(out->mtu)) &&
	       coloop_egress_discipline(link->egress) != COLOOP_DISCIPLINE_RULES &&
	       !coloop_compat_has_tc_egress(out) && !coloop_cut_is_captured(out);
}

/* Lets a datagram above the MTU cross as one record, ready to be cut where it leaves the host. */
static void datagram_make_record(struct sk_buff *skb, unsigned int headers, unsigned int mtu)
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

static unsigned int datagram_look4(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	if (unlikely(skb->len > READ_ONCE(state->out->mtu)) && !skb_is_gso(skb) &&
	    datagram_is_large4(skb, state->sk) && datagram_crosses_whole(skb, state->out))
		datagram_make_record(skb, sizeof(struct iphdr), ip_skb_dst_mtu(state->sk, skb));
	return NF_ACCEPT;
}

static unsigned int datagram_look6(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	if (unlikely(skb->len > READ_ONCE(state->out->mtu)) && !skb_is_gso(skb) &&
	    datagram_is_large6(skb) && datagram_crosses_whole(skb, state->out))
		datagram_make_record(skb, sizeof(struct ipv6hdr) + sizeof(struct frag_hdr),
				     ip6_skb_dst_mtu(skb));
	return NF_ACCEPT;
}

/*
 * IP cuts a datagram above the MTU long before the egress hook, so these decide whether it may stay
 * whole; after all others, so that none changes the packet later.  conntrack confirms last.
 */
static const struct nf_hook_ops datagram_hooks[] = {
	{
		.hook = datagram_look4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK_CONFIRM - 1,
	},
	{
		.hook = datagram_look6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP6_PRI_LAST - 1,
	},
};

int coloop_datagram_init(void)
{
	return nf_register_net_hooks(&init_net, datagram_hooks, ARRAY_SIZE(datagram_hooks));
}

void coloop_datagram_uninit(void)
{
	nf_unregister_net_hooks(&init_net, datagram_hooks, ARRAY_SIZE(datagram_hooks));
	/* Netfilter frees its list by RCU, and does not wait for those who run the hooks. */
	synchronize_net();
}
