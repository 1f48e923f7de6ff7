// SPDX-License-Identifier: GPL-2.0

#include "copy.h"
#include "limits.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

static enum coloop_class class_of(const struct sk_buff *skb)
{
	u8 protocol = 0;

	if (skb->protocol == htons(ETH_P_IP))
		protocol = ip_hdr(skb)->protocol;
	else if (skb->protocol == htons(ETH_P_IPV6))
		protocol = ipv6_hdr(skb)->nexthdr;
	return protocol == IPPROTO_TCP ? COLOOP_BULK : COLOOP_DATAGRAM;
}

static u8 gso_type_of(const struct sk_buff *skb)
{
	unsigned int type = skb_shinfo(skb)->gso_type;
	u8 ecn = type & SKB_GSO_TCP_ECN ? COLOOP_GSO_ECN : 0;

	if (!skb_is_gso(skb))
		return COLOOP_GSO_NONE;
	if (type & SKB_GSO_TCPV4)
		return COLOOP_GSO_TCPV4 | ecn;
	if (type & SKB_GSO_TCPV6)
		return COLOOP_GSO_TCPV6 | ecn;
	if (type & SKB_GSO_UDP)
		return COLOOP_GSO_UDP;
	if (type & SKB_GSO_UDP_L4)
		return COLOOP_GSO_UDP_L4;
	/* coloop0 offers nothing else, so the stack has segmented all else. */
	return COLOOP_GSO_NONE;
}

/* Length of the headers: a hint that lets the receiver put them, and no more, apart. */
static u16 header_len(const struct sk_buff *skb)
{
	u32 len;

	if (!skb_transport_header_was_set(skb))
		return 0;
	len = skb_transport_offset(skb);
	if (skb_is_gso_tcp(skb) || class_of(skb) == COLOOP_BULK)
		len += skb_headlen(skb) >= len + sizeof(struct tcphdr) ? tcp_hdrlen(skb) : 0;
	else
		len += sizeof(struct udphdr);
	return min3(len, skb->len, (u32)COLOOP_HEAD_BYTES);
}

static struct coloop_record describe(const struct sk_buff *skb)
{
	struct coloop_record record = {
		.len = skb->len,
		.hdr_len = header_len(skb),
		.gso_type = gso_type_of(skb),
	};

	if (record.gso_type)
		record.gso_size = skb_shinfo(skb)->gso_size;
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		record.flags = COLOOP_NEEDS_CSUM;
		record.csum_start = skb_checksum_start_offset(skb);
		record.csum_offset = skb->csum_offset;
	} else if (skb->ip_summed == CHECKSUM_UNNECESSARY) {
		record.flags = COLOOP_DATA_VALID;
	}
	return record;
}

/* An older peer may not take every kind of packet that our stack leaves whole. */
static bool peer_takes(const struct coloop_channel *ch, const struct sk_buff *skb)
{
	unsigned int type = skb_is_gso(skb) ? skb_shinfo(skb)->gso_type : 0;

	if (type & SKB_GSO_UDP)
		return ch->remote_features & COLOOP_FEATURE_LARGE_DATAGRAMS;
	if (type & SKB_GSO_UDP_L4)
		return ch->remote_features & COLOOP_FEATURE_UDP_SEGMENTS;
	return true;
}

static u32 window_cost(const struct sk_buff *skb)
{
	return skb->len + COLOOP_WINDOW_OVERHEAD;
}

static u32 *lent_end(struct sk_buff *skb)
{
	return (u32 *)skb->cb;
}

/* The peer has got to these: they are their sockets' no longer. */
static void take_back(struct coloop_queue *queue)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&queue->lent)) && (s32)(queue->tx.cons - *lent_end(skb)) >= 0) {
		__skb_unlink(skb, &queue->lent);
		dev_consume_skb_any(skb);
	}
}

bool coloop_send_look(struct coloop_queue *queue)
{
	u32 lie;

	if (unlikely(!coloop_tx_look(&queue->tx, &lie))) {
		coloop_channel_fault(queue->channel, COLOOP_REASON_BAD_INDEX, lie);
		return false;
	}
	coloop_window_release(&queue->window, queue->tx.cons);
	take_back(queue);
	return true;
}

/* By what is known of the peer.  A datagram above the whole window goes when none is held. */
static bool fits(const struct coloop_queue *queue, enum coloop_class class,
		 const struct sk_buff *skb)
{
	if (!coloop_tx_fits(&queue->tx, skb->len))
		return false;
	return class == COLOOP_BULK || !queue->window.held ||
	       queue->window.held + window_cost(skb) <= queue->window.limit;
}

/* As skb_copy_bits() of the whole packet, in wider steps. */
static void *copy_packet(void *to, const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	const struct sk_buff *part;
	unsigned int i;

	coloop_copy(to, skb->data, skb_headlen(skb));
	to += skb_headlen(skb);
	for (i = 0; i < info->nr_frags; i++) {
		coloop_copy(to, skb_frag_address(&info->frags[i]), skb_frag_size(&info->frags[i]));
		to += skb_frag_size(&info->frags[i]);
	}
	skb_walk_frags(skb, part)
		to = copy_packet(to, part);
	return to;
}

/*
 * TCP makes fewer and larger packets while some of its own wait below (autocorking, small queues).
 * So a small one that must wait its turn stays its socket's until the peer has got to it.  The one
 * that the peer meets first does not: an event about it would cost a round trip twice its price.
 */
static bool is_to_be_lent(struct coloop_queue *queue, enum coloop_class class,
			  const struct sk_buff *skb)
{
	return class == COLOOP_BULK && skb->sk && skb->len <= COLOOP_LENT_BYTES &&
	       queue->tx.cons != queue->tx.prod && coloop_send_look(queue) &&
	       queue->tx.cons != queue->tx.prod;
}

/* True: no other packet is lent. */
static bool lend(struct coloop_queue *queue, struct sk_buff *skb)
{
	bool first = skb_queue_empty(&queue->lent);

	nf_reset_ct(skb);
	*lent_end(skb) = queue->tx.prod;
	__skb_queue_tail(&queue->lent, skb);
	return first;
}

/* True: a packet is lent where none was, so somebody has to arm. */
static bool put(struct coloop_queue *queue, enum coloop_class class, struct sk_buff *skb)
{
	struct coloop_record record = describe(skb);
	bool lent = is_to_be_lent(queue, class, skb);

	copy_packet(coloop_tx_begin(&queue->tx, &record), skb);
	coloop_tx_commit(&queue->tx, skb->len);
	if (class == COLOOP_DATAGRAM)
		coloop_window_add(&queue->window, queue->tx.prod, window_cost(skb));
	queue->tx_stats.packets++;
	queue->tx_stats.bytes += skb->len;
	dev_sw_netstats_tx_add(coloop_dev, 1, skb->len);
	skb_tx_timestamp(skb);
	if (lent)
		return lend(queue, skb);
	dev_consume_skb_any(skb);
	return false;
}

static void notify(struct coloop_queue *queue)
{
	if (!coloop_tx_must_notify(&queue->tx))
		return;
	queue->tx_stats.events++;
	coloop_evtchn_notify(&queue->evtchn);
}

/*
 * The cons at which the head of this class fits, and with it some more, so that one event frees
 * many packets: a quarter of the ring, half of the window.
 */
static u32 wanted_mark(const struct coloop_queue *queue, enum coloop_class class)
{
	const struct sk_buff *skb = skb_peek(&queue->backlog[class].queue);
	u32 need = max(coloop_record_size(skb->len), queue->tx.size / 4);
	u32 mark = queue->tx.prod + need - queue->tx.size;
	u32 goal, window;

	if (class == COLOOP_BULK)
		return mark;
	goal = queue->window.limit - min(window_cost(skb), queue->window.limit);
	goal = min(goal, queue->window.limit / 2);
	if (queue->window.held <= goal)
		return mark;
	window = coloop_window_mark(&queue->window, goal);
	return (s32)(window - mark) > 0 ? window : mark;
}

/* One event takes back all that is lent when it is asked for, whatever is lent meanwhile. */
static u32 lent_mark(struct coloop_queue *queue)
{
	/* Not by its sign: after 2 GiB without a lent packet, an old mark would lie ahead again. */
	if (!coloop_crossed(queue->lent_mark, queue->tx.cons, queue->tx.prod))
		queue->lent_mark = *lent_end(skb_peek_tail(&queue->lent));
	return queue->lent_mark;
}

/*
 * Asks for an event when the first class can go on, or lent packets can be taken back.  False:
 * none is needed, something can be done now.
 */
static bool arm(struct coloop_queue *queue)
{
	u32 mark = skb_queue_empty(&queue->lent) ? queue->tx.prod : lent_mark(queue);
	unsigned int class;

	for (class = 0; class < COLOOP_CLASSES; class++) {
		if (!skb_queue_empty(&queue->backlog[class].queue)) {
			u32 wanted = wanted_mark(queue, class);

			if ((s32)(wanted - mark) < 0)
				mark = wanted;
		}
	}
	coloop_tx_arm(&queue->tx, mark);
	return coloop_send_look(queue) && (s32)(queue->tx.cons - mark) < 0;		/* P9 */
}

static bool drain(struct coloop_queue *queue, enum coloop_class class)
{
	struct coloop_backlog *backlog = &queue->backlog[class];
	struct sk_buff *skb;

	while ((skb = skb_peek(&backlog->queue)) && fits(queue, class, skb)) {
		__skb_unlink(skb, &backlog->queue);
		backlog->bytes -= skb->len;
		put(queue, class, skb);
	}
	return !skb;
}

/* Moves what it can; on return the backlog is empty, or an event for room is asked for. */
static void drain_all(struct coloop_queue *queue)
{
	bool empty;

	do {
		if (!coloop_send_look(queue))
			return;
		empty = drain(queue, COLOOP_DATAGRAM) & drain(queue, COLOOP_BULK) &
			skb_queue_empty(&queue->lent);
	} while (!empty && !arm(queue) && !coloop_channel_is_faulted(queue->channel));
	notify(queue);
}

static void hold(struct coloop_queue *queue, enum coloop_class class, struct sk_buff *skb)
{
	struct coloop_backlog *backlog = &queue->backlog[class];

	if (skb_queue_len(&backlog->queue) >= COLOOP_BACKLOG_PACKETS ||
	    backlog->bytes + skb->len > COLOOP_BACKLOG_BYTES) {
		queue->tx_stats.dropped_backlog++;
		dev_core_stats_tx_dropped_inc(coloop_dev);
		trace_coloop_drop(coloop_channel_peer(queue->channel)->domid, COLOOP_DROP_BACKLOG,
				  skb->len);
		kfree_skb(skb);
		return;
	}
	backlog->bytes += skb->len;
	queue->tx_stats.backlogged++;
	__skb_queue_tail(&backlog->queue, skb);
}

/* A flow keeps to its queue, and so its packets to their order. */
static struct coloop_queue *queue_of(struct coloop_channel *ch, struct sk_buff *skb)
{
	u32 queues = READ_ONCE(ch->queues);

	return &ch->queue[queues > 1 ? reciprocal_scale(skb_get_hash(skb), queues) : 0];
}

enum coloop_verdict coloop_send(struct coloop_channel *ch, struct sk_buff *skb)
{
	enum coloop_class class = class_of(skb);
	struct coloop_queue *queue = queue_of(ch, skb);

	spin_lock(&queue->tx_lock);
	/* The channel may have come back with fewer queues since this one was chosen. */
	if (!coloop_channel_is_live(ch) || unlikely(!coloop_queue_is_attached(queue)) ||
	    unlikely(!peer_takes(ch, skb))) {
		spin_unlock(&queue->tx_lock);
		return COLOOP_REFUSED;
	}
	if (skb_queue_empty(&queue->backlog[class].queue) &&
	    (fits(queue, class, skb) || (coloop_send_look(queue) && fits(queue, class, skb)))) {
		if (put(queue, class, skb))
			drain_all(queue);
		else
			notify(queue);
	} else {
		bool first = skb_queue_empty(&queue->backlog[class].queue);

		hold(queue, class, skb);
		if (first)
			drain_all(queue);
	}
	spin_unlock(&queue->tx_lock);
	coloop_channel_watch(queue);
	return COLOOP_TAKEN;
}

/* Looked at without the lock: who adds the first packet drains or arms after it. */
bool coloop_send_is_waiting(const struct coloop_queue *queue)
{
	return !skb_queue_empty_lockless(&queue->backlog[COLOOP_BULK].queue) ||
	       !skb_queue_empty_lockless(&queue->backlog[COLOOP_DATAGRAM].queue) ||
	       !skb_queue_empty_lockless(&queue->lent);
}

bool coloop_send_backlog(struct coloop_queue *queue)
{
	const struct sk_buff *lent;
	u64 before;
	bool moved;

	if (!coloop_send_is_waiting(queue))
		return false;
	spin_lock(&queue->tx_lock);
	lent = skb_peek(&queue->lent);
	before = queue->tx_stats.packets;
	if (coloop_channel_is_live(queue->channel))
		drain_all(queue);
	moved = queue->tx_stats.packets != before || skb_peek(&queue->lent) != lent;
	spin_unlock(&queue->tx_lock);
	return moved;
}

void coloop_send_return_backlog(struct coloop_queue *queue)
{
	struct sk_buff_head waiting;
	struct sk_buff *skb;
	unsigned int i;

	__skb_queue_head_init(&waiting);
	spin_lock_bh(&queue->tx_lock);
	for (i = 0; i < COLOOP_CLASSES; i++) {
		skb_queue_splice_tail_init(&queue->backlog[i].queue, &waiting);
		queue->backlog[i].bytes = 0;
	}
	__skb_queue_purge(&queue->lent);
	spin_unlock_bh(&queue->tx_lock);

	rcu_read_lock();
	while ((skb = __skb_dequeue(&waiting))) {
		const struct ethhdr *eth = (const struct ethhdr *)skb->data;
		struct coloop_link *link = coloop_link_find(eth->h_source, eth->h_dest);

		if (link) {
			atomic64_inc(&queue->channel->returned);
			coloop_device_return(skb, link->dev);
		} else {
			dev_core_stats_tx_dropped_inc(coloop_dev);
			kfree_skb(skb);
		}
	}
	rcu_read_unlock();
}
