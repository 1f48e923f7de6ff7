// SPDX-License-Identifier: GPL-2.0

#include "limits.h"
#include "lower.h"
#include "offload.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ratelimit.h>
#include <net/busy_poll.h>

static bool receive_offloads(struct sk_buff *skb, const struct coloop_record *record)
{
	const struct virtio_net_hdr hdr = coloop_record_offloads(record);

	skb_set_network_header(skb, ETH_HLEN);
	if (virtio_net_hdr_to_skb(skb, &hdr, true))
		return false;
	if (record->flags & COLOOP_DATA_VALID && skb->ip_summed == CHECKSUM_NONE)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return true;
}

/*
 * Not napi_alloc_skb(): from a few hundred bytes on it takes part of a page of 32 KiB, which pins
 * and charges as a fragment of ours would.
 */
static struct sk_buff *receive_alloc(u32 head)
{
	u32 room = NET_SKB_PAD + NET_IP_ALIGN;
	struct sk_buff *skb = __alloc_skb(room + head, GFP_ATOMIC | __GFP_NOWARN,
					  SKB_ALLOC_RX | SKB_ALLOC_NAPI, NUMA_NO_NODE);

	if (likely(skb))
		skb_reserve(skb, room);
	return skb;
}

/*
 * Where the next fragment of @skb goes: to it, or to the @last of those behind it.  NULL: no
 * memory.
 */
static struct sk_buff *receive_last(struct sk_buff *skb, struct sk_buff *last)
{
	struct sk_buff *next;

	if (likely(skb_shinfo(last)->nr_frags < MAX_SKB_FRAGS))
		return last;
	next = receive_alloc(0);
	if (!next)
		return NULL;
	if (last == skb)
		skb_shinfo(skb)->frag_list = next;
	else
		last->next = next;
	skb->truesize += next->truesize;
	return next;
}

/* Where chunks of the pool are single pages there are more fragments than an skb holds. */
static void receive_append(struct coloop_queue *queue, struct sk_buff *skb, struct sk_buff *last,
			   u32 len)
{
	u32 truesize = last->truesize;

	coloop_pool_append(&queue->pool, last, len);
	if (likely(last == skb))
		return;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += last->truesize - truesize;
	skb->pfmemalloc |= last->pfmemalloc;
}

static bool receive_frags(struct coloop_queue *queue, struct sk_buff *skb,
			  const struct coloop_record *record, u32 at)
{
	struct sk_buff *last = skb;
	u32 len = record->len;

	while (at < len) {
		u32 part = len - at;
		void *room = coloop_pool_room(&queue->pool, &part);

		last = room ? receive_last(skb, last) : NULL;
		if (!last)
			return false;
		if (record->parts)
			coloop_rx_gather(&queue->rx, room, part);
		else
			coloop_rx_copy(&queue->rx, room, at, part);
		receive_append(queue, skb, last, part);
		at += part;
	}
	return true;
}

/* Copies the next record's frame into private memory.  NULL: there is none. */
static struct sk_buff *receive_copy(struct coloop_queue *queue, const struct coloop_record *record)
{
	u32 head = coloop_record_head(record);
	struct sk_buff *skb;

	skb = receive_alloc(head);
	if (!skb)
		return NULL;
	coloop_rx_copy(&queue->rx, skb_put(skb, head),
		       record->parts * sizeof(struct coloop_part), head);
	if (!receive_frags(queue, skb, record, head)) {
		kfree_skb(skb);
		return NULL;
	}
	return skb;
}

/* Does a tap, a tc or nft ingress chain or an XDP program of coloop0 itself see packets? */
static bool receive_is_listened_to(const struct net_device *dev)
{
	return !list_empty(&dev->ptype_all) || !list_empty(&dev->ptype_specific) ||
	       coloop_cut_has_ingress(dev);
}

/* The link of this frame, if its addresses belong to the channel's peer. */
static struct coloop_link *receive_link(struct coloop_queue *queue, const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct coloop_link *link = coloop_link_find(eth->h_dest, eth->h_source);

	return link && &link->peer->channel == queue->channel ? link : NULL;
}

static bool receive_is_ip(const struct sk_buff *skb)
{
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return skb->len >= sizeof(struct iphdr);
	case htons(ETH_P_IPV6):
		return skb->len >= sizeof(struct ipv6hdr);
	default:
		return false;
	}
}

/* One that IP cannot say the length of says so in the way that our kernel knows. */
static bool receive_is_length_ok(const struct sk_buff *skb, const struct coloop_record *record)
{
	return likely(record->len <= COLOOP_FRAME_MAX) ||
	       coloop_large_form(skb) & COLOOP_FEATURES_LARGE;
}

/* No honest peer sends this.  A few are forgiven (COLOOP_BAD_FRAMES_MS). */
static void receive_bad_frame(struct coloop_queue *queue)
{
	const struct coloop_rx_stats *stats = &queue->rx_stats;

	if (!test_bit(COLOOP_UNLINKED, &queue->channel->flags) && !__ratelimit(&queue->bad_frames))
		coloop_channel_fault(queue->channel, COLOOP_REASON_BAD_FRAME,
				     stats->dropped_source + stats->dropped_header);
}

static void receive_deliver(struct sk_buff *skb)
{
	/* As netfront counts, without the Ethernet header. */
	dev_sw_netstats_rx_add(coloop_dev, skb->len);
	if (unlikely(receive_is_listened_to(coloop_dev)))
		skb->dev = coloop_dev;
	netif_receive_skb(skb);
}

/*
 * A datagram above the MTU, in one piece, as after ip_defrag(): no GSO packet, which a socket that
 * decapsulates would drop (udp_unexpected_gso()), but one that may be cut again on its way.
 */
static void receive_deliver_whole(struct sk_buff *skb)
{
	skb_gso_reset(skb);
	skb->ignore_df = 1;
	receive_deliver(skb);
}

/* False: no memory. */
static bool receive_deliver_cut(struct sk_buff *skb)
{
	struct sk_buff *part, *next;

	skb = coloop_cut(skb);
	if (!skb)
		return false;
	skb_list_walk_safe(skb, part, next) {
		skb_mark_not_on_list(part);
		receive_deliver(part);
	}
	return true;
}

/* A datagram above the MTU, or a train of datagrams (UDP_SEGMENT), as the stack's GRO makes. */
static bool receive_deliver_large(struct sk_buff *skb)
{
	if (unlikely(coloop_cut_is_needed(skb)))
		return receive_deliver_cut(skb);
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP)
		receive_deliver_whole(skb);
	else
		receive_deliver(skb);
	return true;
}

/* Makes it a packet of its lower device, or says why it cannot be. */
static enum coloop_drop receive_check(struct coloop_queue *queue, struct sk_buff *skb,
				      const struct coloop_record *record)
{
	const struct coloop_link *link = receive_link(queue, skb);

	if (unlikely(!link))
		return COLOOP_DROP_SOURCE;
	if (unlikely(!(link->dev->flags & IFF_UP)))
		return COLOOP_DROP_DEVICE;
	if (unlikely(coloop_link_blocked(link->dev))) {
		/* There may have been no notifier call: a native XDP program has none. */
		coloop_peer_post(link->peer, COLOOP_TODO_LOWER);
		return COLOOP_DROP_DEVICE;
	}
	skb->dev = link->dev;
	if (unlikely(!receive_offloads(skb, record)))
		return COLOOP_DROP_HEADER;
	skb->protocol = eth_type_trans(skb, link->dev);
	if (unlikely(!receive_is_ip(skb) || !receive_is_length_ok(skb, record)))
		return COLOOP_DROP_HEADER;
	/* For sockets that poll the device themselves: net.core.busy_read, SO_BUSY_POLL. */
	skb_mark_napi_id(skb, &queue->napi);
	return COLOOP_DROP_NONE;
}

static enum coloop_drop receive_packet(struct coloop_queue *queue, struct sk_buff *skb,
				       const struct coloop_record *record)
{
	enum coloop_drop drop = receive_check(queue, skb, record);

	if (unlikely(drop != COLOOP_DROP_NONE))
		return drop;
	if (unlikely(skb_shinfo(skb)->gso_type & (SKB_GSO_UDP | SKB_GSO_UDP_L4)))
		return receive_deliver_large(skb) ? COLOOP_DROP_NONE : COLOOP_DROP_MEMORY;
	receive_deliver(skb);
	return COLOOP_DROP_NONE;
}

static void receive_count(struct coloop_queue *queue, enum coloop_drop drop)
{
	struct coloop_rx_stats *stats = &queue->rx_stats;

	switch (drop) {
	case COLOOP_DROP_SOURCE:
		stats->dropped_source++;
		receive_bad_frame(queue);
		break;
	case COLOOP_DROP_HEADER:
		stats->dropped_header++;
		receive_bad_frame(queue);
		break;
	case COLOOP_DROP_DEVICE:
		stats->dropped_device++;
		break;
	default:
		stats->dropped_memory++;
	}
	dev_core_stats_rx_dropped_inc(coloop_dev);
}

void coloop_receive(struct coloop_queue *queue, const struct coloop_record *record)
{
	struct sk_buff *skb = receive_copy(queue, record);
	enum coloop_drop drop = COLOOP_DROP_MEMORY;

	if (likely(skb))
		drop = receive_packet(queue, skb, record);
	if (unlikely(drop != COLOOP_DROP_NONE)) {
		receive_count(queue, drop);
		trace_coloop_drop(coloop_channel_peer(queue->channel)->domid, drop, record->len);
		kfree_skb(skb);
		return;
	}
	queue->rx_stats.packets++;
	queue->rx_stats.bytes += record->len;
}
