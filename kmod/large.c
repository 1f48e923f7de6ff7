// SPDX-License-Identifier: GPL-2.0
/*
 * TCP makes packets of up to sk_gso_max_size bytes, which sk_setup_caps() sets to what the device
 * of a new route takes.  For a socket whose packets go to a peer by a channel it is raised at each
 * packet that finds it at that.  On the ordinary path the stack cuts such packets by software,
 * which is right but slow; so it is put back when they go elsewhere.
 */

#include "large.h"
#include "channel.h"
#include "compat.h"
#include "queueing.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

/* As the kernel reckons it from what a device takes. */
enum {
	LARGE_SIZE = COLOOP_LARGE_MAX - (MAX_TCP_HEADER + 1),
};

/* What one packet is cut into: no more than IP can say, with the longest headers. */
enum {
	LARGE_PIECE = 60 << 10,
};

/* Which form of large packets our kernel gives those of this protocol. */
static u32 large_form_of(__be16 protocol)
{
	if (protocol == htons(ETH_P_IP))
		return COLOOP_FEATURES_LARGE & COLOOP_FEATURE_LARGE_IPV4;
	return COLOOP_FEATURES_LARGE & ~COLOOP_FEATURE_LARGE_IPV4;
}

/*
 * No device on the way to ours would cut them first, and coloop_large_end() would find its route.
 */
static bool large_goes_straight(const struct sock *sk, const struct sk_buff *skb)
{
	return skb_dst(skb)->dev == skb->dev && net_eq(sock_net(sk), dev_net(coloop_dev)) &&
	       net_eq(dev_net(skb->dev), dev_net(coloop_dev));
}

void coloop_large_allow(struct coloop_channel *ch, struct sock *sk, const struct sk_buff *skb)
{
	if (sk->sk_gso_max_size >= LARGE_SIZE ||
	    !(ch->remote_features & large_form_of(skb->protocol)) || !sk_can_gso(sk) ||
	    tcp_sk(sk)->mss_cache < COLOOP_LARGE_SEGMENT_MIN || !large_goes_straight(sk, skb))
		return;
	WRITE_ONCE(ch->large_given, true);
	sk->sk_gso_max_size = LARGE_SIZE;
}

void coloop_large_forbid(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_get(sk);

	/* Without a route the next one sets it. */
	if (sk->sk_gso_max_size == LARGE_SIZE && dst)
		sk_setup_caps(sk, dst_clone(dst));
}

/*
 * Sockets that send nothing now cannot be found; but each asks for its route again with the next
 * packet.
 */
void coloop_large_end(struct coloop_channel *ch)
{
	if (!ch->large_given)
		return;
	ch->large_given = false;
	rt_genid_bump_all(dev_net(coloop_dev));
}

static u32 large_form4(const struct sk_buff *skb)
{
	struct iphdr copy;
	const struct iphdr *ip =
		skb_header_pointer(skb, skb_network_offset(skb), sizeof(copy), &copy);

	return ip && ip->protocol == IPPROTO_TCP && !ip->tot_len ? COLOOP_FEATURE_LARGE_IPV4 : 0;
}

static u32 large_form6(const struct sk_buff *skb)
{
	struct {
		struct ipv6hdr ip;
		u8 next, length, option, option_length;
	} __packed copy;
	const typeof(copy) *header =
		skb_header_pointer(skb, skb_network_offset(skb), sizeof(copy), &copy);

	if (!header || header->ip.payload_len)
		return 0;
	if (header->ip.nexthdr == NEXTHDR_TCP)
		return COLOOP_FEATURE_LARGE_IPV6;
	return header->ip.nexthdr == NEXTHDR_HOP && header->next == NEXTHDR_TCP &&
	       !header->length && header->option == IPV6_TLV_JUMBO ?
		       COLOOP_FEATURE_LARGE_IPV6_JUMBO : 0;
}

u32 coloop_large_form(const struct sk_buff *skb)
{
	unsigned int type = skb_shinfo(skb)->gso_type;

	if (skb->protocol == htons(ETH_P_IP))
		return type & SKB_GSO_TCPV4 ? large_form4(skb) : 0;
	return type & SKB_GSO_TCPV6 ? large_form6(skb) : 0;
}

/* Half of the ring is for what follows. */
static bool large_can_be_copied(const struct coloop_channel *ch, const struct sk_buff *skb)
{
	return coloop_record_size(skb->len) <= COLOOP_PAGE_SIZE << ch->order >> 1;
}

bool coloop_large_crosses(const struct coloop_channel *ch, const struct sk_buff *skb)
{
	struct coloop_part parts[COLOOP_PARTS_MAX];

	return skb->len <= COLOOP_LARGE_MAX && skb->ip_summed == CHECKSUM_PARTIAL &&
	       skb_shinfo(skb)->gso_size >= COLOOP_LARGE_SEGMENT_MIN &&
	       ch->remote_features & coloop_large_form(skb) &&
	       (large_can_be_copied(ch, skb) || coloop_blocks_refer(ch, skb, parts));
}

/* A piece of more than one segment is to be cut again where it leaves the host. */
static void large_restore(struct sk_buff *piece, unsigned int size, unsigned int type)
{
	u32 payload = piece->len - skb_transport_offset(piece) - tcp_hdrlen(piece);

	if (payload <= size)
		return;
	skb_shinfo(piece)->gso_size = size;
	skb_shinfo(piece)->gso_type = type;
	skb_shinfo(piece)->gso_segs = DIV_ROUND_UP(payload, size);
}

struct sk_buff *coloop_large_cut(struct sk_buff *skb)
{
	unsigned int size = skb_shinfo(skb)->gso_size;
	unsigned int type = skb_shinfo(skb)->gso_type & ~SKB_GSO_DODGY;
	struct sk_buff *list = NULL, *piece;

	/* The stack cuts along what came in parts, and what it cannot make less of. */
	if (skb_has_frag_list(skb) || !skb_is_gso_tcp(skb) || size > LARGE_PIECE / 2)
		return skb;
	/* Clones share this metadata, and theirs must stay as it is. */
	if (!skb_unclone(skb, GFP_ATOMIC)) {
		skb_shinfo(skb)->gso_size = rounddown(LARGE_PIECE, size);
		list = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM);
	}
	if (IS_ERR_OR_NULL(list)) {
		kfree_skb(skb);
		return NULL;
	}
	consume_skb(skb);
	for (piece = list; piece; piece = piece->next)
		large_restore(piece, size, type);
	return list;
}
