// SPDX-License-Identifier: GPL-2.0

#include "copy.h"
#include "limits.h"
#include "peer.h"
#include "queueing.h"
#include "trace.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

static enum coloop_class send_class(const struct sk_buff *skb)
{
	u8 protocol = 0;

	/* A large packet of IPv6 may have another header first. */
	if (skb_is_gso(skb) && skb_is_gso_tcp(skb))
		return COLOOP_BULK;
	if (skb->protocol == htons(ETH_P_IP))
		protocol = ip_hdr(skb)->protocol;
	else if (skb->protocol == htons(ETH_P_IPV6))
		protocol = ipv6_hdr(skb)->nexthdr;
	return protocol == IPPROTO_TCP ? COLOOP_BULK : COLOOP_DATAGRAM;
}

static u8 send_gso_type(const struct sk_buff *skb)
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
static u16 send_header_len(const struct sk_buff *skb)
{
	u32 len;

	if (!skb_transport_header_was_set(skb))
		return 0;
	len = skb_transport_offset(skb);
	if (skb_is_gso_tcp(skb) || send_class(skb) == COLOOP_BULK)
		len += skb_headlen(skb) >= len + sizeof(struct tcphdr) ? tcp_hdrlen(skb) : 0;
	else
		len += sizeof(struct udphdr);
	return min3(len, skb->len, (u32)COLOOP_HEAD_BYTES);
}

static struct coloop_record send_describe(const struct sk_buff *skb)
{
	struct coloop_record record = {
		.len = skb->len,
		.hdr_len = send_header_len(skb),
		.gso_type = send_gso_type(skb),
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

/* How a packet is said in the ring. */
struct send_plan {
	struct coloop_record record;
	struct coloop_part part[COLOOP_PARTS_MAX];
};

/* By reference if all but the headers lies in pages that are granted to the peer. */
static void send_plan(const struct coloop_queue *queue, const struct sk_buff *skb,
		      struct send_plan *plan)
{
	plan->record = send_describe(skb);
	if (skb->len >= COLOOP_REFER_BYTES && skb_headlen(skb) == plan->record.hdr_len)
		plan->record.parts = coloop_blocks_refer(queue->channel, skb, plan->part);
}

static u32 send_window_cost(const struct sk_buff *skb)
{
	return skb->len + COLOOP_WINDOW_OVERHEAD;
}

static u32 *send_charged_end(struct sk_buff *skb)
{
	return (u32 *)skb->cb;
}

/* The peer has got to these: they are their sockets' no longer. */
static void send_uncharge(struct coloop_queue *queue)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&queue->charged)) &&
	       (s32)(queue->tx.cons - *send_charged_end(skb)) >= 0) {
		__skb_unlink(skb, &queue->charged);
		dev_consume_skb_any(skb);
	}
}

bool coloop_send_look(struct coloop_queue *queue)
{
	u32 bad;

	if (unlikely(!coloop_tx_look(&queue->tx, &bad))) {
		coloop_channel_fault(queue->channel, COLOOP_REASON_BAD_INDEX, bad);
		return false;
	}
	coloop_window_release(&queue->window, queue->tx.cons);
	coloop_window_release(&queue->referred, queue->tx.cons);
	send_uncharge(queue);
	return true;
}

static bool send_window_takes(const struct coloop_window *window, u32 cost)
{
	return !window->held || window->held + cost <= window->limit;
}

/* By what is known of the peer.  A datagram above the whole window goes when none is held. */
static bool send_fits(const struct coloop_queue *queue, enum coloop_class class,
		      const struct send_plan *plan, const struct sk_buff *skb)
{
	if (!coloop_tx_fits(&queue->tx, coloop_record_body(&plan->record)))
		return false;
	if (plan->record.parts && !send_window_takes(&queue->referred, skb->len))
		return false;
	return class == COLOOP_BULK || send_window_takes(&queue->window, send_window_cost(skb));
}

/* As skb_copy_bits() of the whole packet, in wider steps. */
static void *send_copy(void *to, const struct sk_buff *skb)
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
		to = send_copy(to, part);
	return to;
}

/*
 * TCP makes fewer and larger packets while some of its own wait below (autocorking, small queues).
 * So a small one that must wait its turn stays its socket's until the peer has got to it.  The one
 * that the peer meets first does not: an event about it would cost a round trip twice its price.
 */
static bool send_stays_charged(struct coloop_queue *queue, enum coloop_class class,
			       const struct sk_buff *skb)
{
	return class == COLOOP_BULK && skb->sk && skb->len <= COLOOP_CHARGED_BYTES &&
	       queue->tx.cons != queue->tx.prod && coloop_send_look(queue) &&
	       queue->tx.cons != queue->tx.prod;
}

/* True: no other packet is charged. */
static bool send_keep_charged(struct coloop_queue *queue, struct sk_buff *skb)
{
	bool first = skb_queue_empty(&queue->charged);

	nf_reset_ct(skb);
	/* The route may be read-locked only, which ends with this call of the hook. */
	skb_dst_drop(skb);
	*send_charged_end(skb) = queue->tx.prod;
	__skb_queue_tail(&queue->charged, skb);
	return first;
}

/* Taps see what crosses: those of the lower device, as if it had sent the packet, and coloop0's. */
static void send_to_taps(struct sk_buff *skb)
{
	struct net_device *lower = skb->dev;

	if (unlikely(dev_nit_active(lower)))
		dev_queue_xmit_nit(skb, lower);
	if (unlikely(!list_empty(&coloop_dev->ptype_all))) {
		skb->dev = coloop_dev;
		dev_queue_xmit_nit(skb, coloop_dev);
		skb->dev = lower;
	}
}

/* The record's body.  What it refers to stays as it is until the peer's cons has passed its end. */
static void send_write(struct coloop_queue *queue, const struct send_plan *plan,
		       const struct sk_buff *skb)
{
	void *to = coloop_tx_begin(&queue->tx, &plan->record);
	u32 parts = plan->record.parts * sizeof(*plan->part);

	if (!parts) {
		send_copy(to, skb);
		return;
	}
	memcpy(to, plan->part, parts);
	memcpy(to + parts, skb->data, plan->record.hdr_len);
}

/* The next record is by reference and ends at @end. */
static void send_note_parts(struct coloop_queue *queue, const struct send_plan *plan, u32 end)
{
	struct coloop_channel *ch = queue->channel;

	coloop_blocks_note(ch, plan->part, plan->record.parts, queue - ch->queue, end);
	coloop_window_add(&queue->referred, end, plan->record.len);
	queue->tx_stats.referred += plan->record.len;
}

/* True: a packet stays charged where none was, so somebody has to arm. */
static bool send_put(struct coloop_queue *queue, enum coloop_class class,
		     const struct send_plan *plan, struct sk_buff *skb)
{
	u32 body = coloop_record_body(&plan->record);
	bool stays_charged = send_stays_charged(queue, class, skb);

	/* Before the peer can answer, as a driver does. */
	send_to_taps(skb);
	skb_tx_timestamp(skb);
	send_write(queue, plan, skb);
	coloop_tx_commit(&queue->tx, body);
	if (plan->record.parts)
		send_note_parts(queue, plan, queue->tx.prod);
	if (class == COLOOP_DATAGRAM)
		coloop_window_add(&queue->window, queue->tx.prod, send_window_cost(skb));
	queue->tx_stats.packets++;
	queue->tx_stats.bytes += skb->len;
	dev_sw_netstats_tx_add(coloop_dev, 1, skb->len);
	if (stays_charged)
		return send_keep_charged(queue, skb);
	dev_consume_skb_any(skb);
	return false;
}

static void send_notify(struct coloop_queue *queue)
{
	if (!coloop_tx_must_notify(&queue->tx))
		return;
	queue->tx_stats.events++;
	coloop_evtchn_notify(&queue->evtchn);
}

/* @mark, or a later one at which half of the window is free, and @cost in any case. */
static u32 send_window_mark(const struct coloop_window *window, u32 cost, u32 mark)
{
	u32 goal = min(window->limit - min(cost, window->limit), window->limit / 2);
	u32 end;

	if (window->held <= goal)
		return mark;
	end = coloop_window_mark(window, goal);
	return (s32)(end - mark) > 0 ? end : mark;
}

/*
 * The cons at which the head of this class fits, and with it some more, so that one event frees
 * many packets: a quarter of the ring, half of the window.
 */
static u32 send_wanted_mark(const struct coloop_queue *queue, enum coloop_class class)
{
	const struct sk_buff *skb = skb_peek(&queue->backlog[class].queue);
	struct send_plan plan;
	u32 mark;

	send_plan(queue, skb, &plan);
	mark = queue->tx.prod - queue->tx.size +
	       max(coloop_record_size(coloop_record_body(&plan.record)), queue->tx.size / 4);
	if (plan.record.parts)
		mark = send_window_mark(&queue->referred, skb->len, mark);
	if (class == COLOOP_DATAGRAM)
		mark = send_window_mark(&queue->window, send_window_cost(skb), mark);
	return mark;
}

/* One event lets go of all that are charged when it is asked for, and of none that come after. */
static u32 send_charged_mark(struct coloop_queue *queue)
{
	/* Not by its sign: after 2 GiB without one, an old mark would be ahead again. */
	if (!coloop_crossed(queue->charged_mark, queue->tx.cons, queue->tx.prod))
		queue->charged_mark = *send_charged_end(skb_peek_tail(&queue->charged));
	return queue->charged_mark;
}

/*
 * Asks for an event when the first class can go on, or charged packets can be taken back.  False:
 * none is needed, something can be done now.
 */
static bool send_arm(struct coloop_queue *queue)
{
	u32 mark = skb_queue_empty(&queue->charged) ? queue->tx.prod : send_charged_mark(queue);
	unsigned int class;

	for (class = 0; class < COLOOP_CLASSES; class++) {
		if (!skb_queue_empty(&queue->backlog[class].queue)) {
			u32 wanted = send_wanted_mark(queue, class);

			if ((s32)(wanted - mark) < 0)
				mark = wanted;
		}
	}
	coloop_tx_arm(&queue->tx, mark);
	return coloop_send_look(queue) && (s32)(queue->tx.cons - mark) < 0;		/* P9 */
}

static bool send_drain(struct coloop_queue *queue, enum coloop_class class)
{
	struct coloop_backlog *backlog = &queue->backlog[class];
	struct send_plan plan;
	struct sk_buff *skb;

	while ((skb = skb_peek(&backlog->queue))) {
		send_plan(queue, skb, &plan);
		if (!send_fits(queue, class, &plan, skb))
			break;
		__skb_unlink(skb, &backlog->queue);
		backlog->bytes -= skb->len;
		send_put(queue, class, &plan, skb);
	}
	return !skb;
}

static bool send_is_open(const struct coloop_queue *queue)
{
	return queue->mode == COLOOP_QUEUE_OPEN && !coloop_channel_is_faulted(queue->channel);
}

/* Moves what it can; on return the backlog is empty, or an event for room is asked for. */
static void send_drain_all(struct coloop_queue *queue)
{
	bool empty;

	if (!send_is_open(queue))
		return;
	do {
		if (!coloop_send_look(queue))
			return;
		empty = send_drain(queue, COLOOP_DATAGRAM) & send_drain(queue, COLOOP_BULK) &
			skb_queue_empty(&queue->charged);
	} while (!empty && !send_arm(queue) && !coloop_channel_is_faulted(queue->channel));
	send_notify(queue);
}

/* False: as many wait as may. */
static bool send_hold(struct coloop_queue *queue, enum coloop_class class, struct sk_buff *skb)
{
	struct coloop_backlog *backlog = &queue->backlog[class];

	if (skb_queue_len(&backlog->queue) >= COLOOP_BACKLOG_PACKETS ||
	    backlog->bytes + skb->len > COLOOP_BACKLOG_BYTES) {
		queue->tx_stats.dropped_backlog++;
		dev_core_stats_tx_dropped_inc(coloop_dev);
		trace_coloop_drop(coloop_channel_peer(queue->channel)->domid, COLOOP_DROP_BACKLOG,
				  skb->len);
		return false;
	}
	backlog->bytes += skb->len;
	queue->tx_stats.backlogged++;
	coloop_peer_notify_counts(coloop_channel_peer(queue->channel));
	/* As in the queue of a device.  The route may be read-locked only, during this call. */
	skb_dst_drop(skb);
	__skb_queue_tail(&backlog->queue, skb);
	return true;
}

/* A flow keeps to its queue, and so its packets to their order. */
static struct coloop_queue *send_queue(struct coloop_channel *ch, struct sk_buff *skb)
{
	u32 queues = READ_ONCE(ch->queues);

	return &ch->queue[queues > 1 ? reciprocal_scale(skb_get_hash(skb), queues) : 0];
}

/* One by reference is small, and goes into any ring. */
static bool send_is_too_large(const struct coloop_queue *queue, const struct sk_buff *skb)
{
	struct send_plan plan;

	if (likely(skb->len <= COLOOP_FRAME_MAX))
		return false;
	send_plan(queue, skb, &plan);
	return coloop_record_size(coloop_record_body(&plan.record)) > queue->tx.size;
}

/* Into the ring if it can go there now, else behind what waits. */
static enum coloop_verdict send_locked(struct coloop_queue *queue, struct sk_buff *skb)
{
	enum coloop_class class = send_class(skb);
	bool first = skb_queue_empty(&queue->backlog[class].queue);
	struct send_plan plan;

	if (queue->mode == COLOOP_QUEUE_CLOSED || send_is_too_large(queue, skb))
		return COLOOP_REFUSED;
	if (first && send_is_open(queue)) {
		send_plan(queue, skb, &plan);
		if (send_fits(queue, class, &plan, skb) ||
		    (coloop_send_look(queue) && send_fits(queue, class, &plan, skb))) {
			if (send_put(queue, class, &plan, skb))
				send_drain_all(queue);
			else
				send_notify(queue);
			return COLOOP_TAKEN;
		}
	}
	if (!send_hold(queue, class, skb))
		return COLOOP_FULL;
	if (first)
		send_drain_all(queue);
	return COLOOP_TAKEN;
}

enum coloop_verdict coloop_send(struct coloop_channel *ch, struct sk_buff *skb)
{
	struct coloop_queue *queue = send_queue(ch, skb);
	enum coloop_verdict verdict;

	spin_lock(&queue->tx_lock);
	verdict = send_locked(queue, skb);
	spin_unlock(&queue->tx_lock);
	if (likely(verdict == COLOOP_TAKEN))
		coloop_channel_watch(queue);
	return verdict;
}

void coloop_send_hold(struct coloop_queue *queue)
{
	spin_lock_bh(&queue->tx_lock);
	queue->mode = COLOOP_QUEUE_HOLDING;
	/* Have the peer tell us when it has taken all; nothing more is put in. */
	coloop_tx_arm(&queue->tx, queue->tx.prod);
	spin_unlock_bh(&queue->tx_lock);
}

void coloop_send_open(struct coloop_queue *queue)
{
	spin_lock_bh(&queue->tx_lock);
	if (queue->mode == COLOOP_QUEUE_HOLDING && coloop_channel_is_live(queue->channel)) {
		queue->mode = COLOOP_QUEUE_OPEN;
		send_drain_all(queue);
	}
	spin_unlock_bh(&queue->tx_lock);
}

bool coloop_send_is_taken(const struct coloop_queue *queue)
{
	return READ_ONCE(queue->tx.peer->cons) == queue->tx.prod;
}

/* Looked at without the lock: who adds the first packet drains or arms after it. */
static bool send_is_waiting(const struct coloop_queue *queue)
{
	return !skb_queue_empty_lockless(&queue->backlog[COLOOP_BULK].queue) ||
	       !skb_queue_empty_lockless(&queue->backlog[COLOOP_DATAGRAM].queue) ||
	       !skb_queue_empty_lockless(&queue->charged);
}

bool coloop_send_backlog(struct coloop_queue *queue)
{
	const struct sk_buff *charged;
	u64 before;
	bool moved;

	if (unlikely(READ_ONCE(queue->mode) == COLOOP_QUEUE_HOLDING))
		coloop_channel_look(queue->channel);
	if (!send_is_waiting(queue))
		return false;
	spin_lock(&queue->tx_lock);
	charged = skb_peek(&queue->charged);
	before = queue->tx_stats.packets;
	send_drain_all(queue);
	moved = queue->tx_stats.packets != before || skb_peek(&queue->charged) != charged;
	spin_unlock(&queue->tx_lock);
	return moved;
}

/* The first packet that waits; the queue is closed when there is none, or @close says so. */
static struct sk_buff *send_unqueue(struct coloop_queue *queue, bool close)
{
	struct sk_buff *skb = NULL;
	unsigned int i;

	spin_lock_bh(&queue->tx_lock);
	for (i = 0; i < COLOOP_CLASSES && !skb; i++) {
		skb = __skb_dequeue(&queue->backlog[i].queue);
		if (skb)
			queue->backlog[i].bytes -= skb->len;
	}
	if (!skb || close)
		queue->mode = COLOOP_QUEUE_CLOSED;
	spin_unlock_bh(&queue->tx_lock);
	return skb;
}

/*
 * Senders may add to the backlog as fast as it is emptied, so after as many packets as it can hold
 * it takes no more.
 */
void coloop_send_close(struct coloop_queue *queue)
{
	unsigned int returned = 0;
	struct sk_buff *skb;

	do {
		/* Until the packet is with its device, see coloop_send_forget(). */
		rcu_read_lock();
		skb = send_unqueue(queue, returned >= COLOOP_CLASSES * COLOOP_BACKLOG_PACKETS);
		if (skb) {
			atomic64_inc(&queue->channel->returned);
			coloop_divert_return(skb);
			returned++;
		}
		rcu_read_unlock();
	} while (skb);

	spin_lock_bh(&queue->tx_lock);
	while ((skb = __skb_dequeue(&queue->charged)))
		dev_consume_skb_any(skb);
	spin_unlock_bh(&queue->tx_lock);
}

void coloop_send_forget(struct coloop_queue *queue, const struct net_device *dev)
{
	struct sk_buff *skb, *next;
	struct sk_buff_head gone;
	unsigned int i;

	__skb_queue_head_init(&gone);
	spin_lock_bh(&queue->tx_lock);
	for (i = 0; i < COLOOP_CLASSES; i++) {
		skb_queue_walk_safe(&queue->backlog[i].queue, skb, next) {
			if (skb->dev != dev)
				continue;
			__skb_unlink(skb, &queue->backlog[i].queue);
			queue->backlog[i].bytes -= skb->len;
			__skb_queue_tail(&gone, skb);
		}
	}
	spin_unlock_bh(&queue->tx_lock);
	__skb_queue_purge(&gone);
}
