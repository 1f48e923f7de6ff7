// SPDX-License-Identifier: GPL-2.0
/*
 * Which frames leave the ordinary path.  The hook looks at a frame when all of the stack is done
 * with it and it is about to enter the lower device's queue: routing, netfilter, conntrack, IPsec,
 * programs of cgroups and the device's own egress chains have seen the packet on that device.  What
 * its queue would do to it is asked here; where that is more than to queue, the frame stays.
 */

#include "egress.h"
#include "lower.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_netdev.h>
#include <linux/tcp.h>
#include <net/ndisc.h>
#include <net/tcp.h>

/* An IP packet as the stack makes it, whose headers can be read. */
static bool divert_is_ip(struct sk_buff *skb)
{
	unsigned int header = skb->protocol == htons(ETH_P_IP) ? sizeof(struct iphdr) :
								 sizeof(struct ipv6hdr);

	if (skb_vlan_tag_present(skb) || skb_network_offset(skb) != ETH_HLEN ||
	    !pskb_may_pull(skb, ETH_HLEN + header) || eth_hdr(skb)->h_proto != skb->protocol)
		return false;
#ifdef CONFIG_XFRM
	/* The device is to encrypt it, or a queue of the crypto layer has it. */
	if (xfrm_offload(skb))
		return false;
#endif
	return true;
}

/* Such a packet asks whether the ordinary path works. */
static bool divert_is_neighbour_discovery(struct sk_buff *skb)
{
	const struct icmp6hdr *icmp;

	if (skb->protocol != htons(ETH_P_IPV6) || ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6 ||
	    !pskb_may_pull(skb, ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(*icmp)))
		return false;
	icmp = (const struct icmp6hdr *)(ipv6_hdr(skb) + 1);
	return icmp->icmp6_type >= NDISC_ROUTER_SOLICITATION && icmp->icmp6_type <= NDISC_REDIRECT;
}

/* Would the lower device's fq send this packet later, because its program said so? */
static bool divert_is_paced(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk))
		return skb->tstamp;
	/* TCP paces itself, see divert_pace_tcp(). */
	return !sk_is_tcp(sk) && (skb->tstamp || READ_ONCE(sk->sk_max_pacing_rate) != ~0UL);
}

/*
 * Longer than the ordinary path takes, a packet would be lost there: it must not get through here
 * either, or a connection comes to rely on it and stands when the channel goes.  Where the lower
 * device makes such packets at all, everything stays, so that short ones of a flow do not overtake
 * long ones.  Bridges let segmented packets pass unseen; sent again one by one they are too long.
 */
static bool divert_is_too_long(const struct coloop_link *link, const struct sk_buff *skb)
{
	u32 most = READ_ONCE(link->dev->mtu);
	u32 mtu = READ_ONCE(link->mtu);

	return (mtu && mtu < most) || (!skb_is_gso(skb) && skb->len - ETH_HLEN > most);
}

/* What keeps a packet on the ordinary path, even if the channel is live. */
static enum coloop_ordinary divert_obstacle(struct coloop_egress *egress,
					    const struct coloop_link *link, struct sk_buff *skb)
{
	enum coloop_discipline discipline = coloop_egress_discipline(egress);

	if (discipline == COLOOP_DISCIPLINE_RULES)
		return COLOOP_ORDINARY_QDISC;
	if (coloop_compat_has_tc_egress(egress->dev) || !coloop_egress_is_last(egress))
		return COLOOP_ORDINARY_TC;
	if (discipline == COLOOP_DISCIPLINE_PACES && divert_is_paced(skb))
		return COLOOP_ORDINARY_PACING;
	if (!divert_is_ip(skb))
		return COLOOP_ORDINARY_FORM;
	if (divert_is_neighbour_discovery(skb))
		return COLOOP_ORDINARY_NEIGHBOUR;
	if (divert_is_too_long(link, skb))
		return COLOOP_ORDINARY_SIZE;
	return COLOOP_ORDINARY_NONE;
}

/*
 * A socket that has met fq leaves its pacing to fq for good, which never sees diverted packets: TCP
 * is told to pace itself again, as on a device without fq, where somebody asked for a pace. The
 * congestion control is the socket's for as long as RCU is read-locked.
 */
static void divert_pace_tcp(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	/* Not by its protocol: a raw socket may have TCP's, and no congestion control. */
	if (!sk || !sk_fullsock(sk) || !sk_is_tcp(sk) ||
	    READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ)
		return;
	if (READ_ONCE(sk->sk_max_pacing_rate) != ~0UL ||
	    READ_ONCE(inet_csk(sk)->icsk_ca_ops)->cong_control)
		cmpxchg(&sk->sk_pacing_status, SK_PACING_FQ, SK_PACING_NEEDED);
}

/*
 * The packet goes on to the lower device.  It can cut no datagram that datagram_make_record() has
 * made one record of, but the stack does, if the datagram lies in one piece.
 */
static unsigned int divert_decline(struct coloop_peer *peer, struct sk_buff *skb,
				   enum coloop_ordinary reason)
{
	atomic64_inc(&peer->ordinary[reason]);
	if (reason == COLOOP_ORDINARY_QDISC || reason == COLOOP_ORDINARY_TC ||
	    reason == COLOOP_ORDINARY_SIZE)
		coloop_peer_notify_counts(peer);
	coloop_socket_sends(&peer->channel, skb, false);
	coloop_blocks_serve(&peer->channel, skb, false);
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP && skb_linearize(skb))
		return NF_DROP;
	return NF_ACCEPT;
}

/* A list that was cut from a packet: what the channel does not take goes to the lower device. */
static void divert_segments(struct coloop_peer *peer, struct sk_buff *list)
{
	struct sk_buff *skb, *next;

	skb_list_walk_safe(list, skb, next) {
		skb_mark_not_on_list(skb);
		switch (coloop_send(&peer->channel, skb)) {
		case COLOOP_TAKEN:
			break;
		case COLOOP_REFUSED:
			atomic64_inc(&peer->channel.returned);
			coloop_divert_return(skb);
			break;
		case COLOOP_FULL:
			kfree_skb(skb);
			break;
		}
	}
}

/* Cuts and sums the packet as far as a record cannot say it; coloop0's features say what it can. */
static struct sk_buff *divert_validate(const struct coloop_channel *ch, struct sk_buff *skb)
{
	struct net_device *lower = skb->dev;
	struct sk_buff *segment;
	bool again = false;

	if (unlikely(skb->len > COLOOP_FRAME_MAX) && !coloop_large_crosses(ch, skb))
		skb = coloop_large_cut(skb);
	for (segment = skb; segment; segment = segment->next)
		segment->dev = coloop_dev;
	skb = validate_xmit_skb_list(skb, coloop_dev, &again);
	for (segment = skb; segment; segment = segment->next)
		segment->dev = lower;
	return skb;
}

static unsigned int divert_take(struct coloop_egress *egress, struct coloop_link *link,
				struct sk_buff *skb)
{
	struct coloop_peer *peer = link->peer;

	trace_coloop_divert(peer->domid, skb->len);
	divert_pace_tcp(skb);
	coloop_socket_sends(&peer->channel, skb, true);
	coloop_blocks_serve(&peer->channel, skb, true);
	coloop_egress_speak(egress, link->local);
	skb = divert_validate(&peer->channel, skb);
	if (unlikely(!skb))
		return NF_STOLEN;
	if (unlikely(skb->next)) {
		divert_segments(peer, skb);
		return NF_STOLEN;
	}
	switch (coloop_send(&peer->channel, skb)) {
	case COLOOP_TAKEN:
		return NF_STOLEN;
	case COLOOP_REFUSED:
		return divert_decline(peer, skb, COLOOP_ORDINARY_NO_CHANNEL);
	case COLOOP_FULL:
		/* The sender hears of it, as of a full queue. */
		break;
	}
	return NF_DROP;
}

/* There is no channel.  One is asked for, unless the lower device may have none. */
static enum coloop_ordinary divert_want(struct coloop_link *link)
{
	enum coloop_ordinary blocked = coloop_link_blocked(link->dev);

	if (blocked != COLOOP_ORDINARY_NONE)
		return blocked;
	coloop_peer_want(link->peer);
	return COLOOP_ORDINARY_NO_CHANNEL;
}

/* Not every packet goes through the channel: the peer has selectors, or there is no channel. */
static enum coloop_ordinary divert_select(struct coloop_link *link, const struct sk_buff *skb)
{
	/* Before a channel is asked for: it would not be for this packet. */
	if (!coloop_peer_selects(link->peer, skb))
		return COLOOP_ORDINARY_SELECTOR;
	return coloop_channel_is_diverting(&link->peer->channel) ? COLOOP_ORDINARY_NONE :
								   divert_want(link);
}

unsigned int coloop_divert_frame(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct coloop_egress *egress = priv;
	enum coloop_ordinary obstacle;
	struct coloop_link *link;

	if ((skb->protocol != htons(ETH_P_IP) && skb->protocol != htons(ETH_P_IPV6)) ||
	    skb_headlen(skb) < ETH_HLEN || is_multicast_ether_addr(eth->h_dest))
		return NF_ACCEPT;
	link = coloop_link_find(eth->h_source, eth->h_dest);
	if (!link || link->dev != egress->dev) {
		coloop_blocks_serve(NULL, skb, false);
		return NF_ACCEPT;
	}
	obstacle = divert_obstacle(egress, link, skb);
	if (unlikely(obstacle != COLOOP_ORDINARY_NONE))
		return divert_decline(link->peer, skb, obstacle);
	if (unlikely(!coloop_channel_diverts_all(&link->peer->channel))) {
		obstacle = divert_select(link, skb);
		if (obstacle != COLOOP_ORDINARY_NONE)
			return divert_decline(link->peer, skb, obstacle);
	}
	return divert_take(egress, link, skb);
}

void coloop_divert_return(struct sk_buff *skb)
{
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP && skb_linearize(skb)) {
		dev_core_stats_tx_dropped_inc(coloop_dev);
		kfree_skb(skb);
		return;
	}
	/* Our hook and those before it have seen it. */
	nf_skip_egress(skb, true);
	dev_queue_xmit(skb);
}
