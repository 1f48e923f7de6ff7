// SPDX-License-Identifier: GPL-2.0

#include "limits.h"
#include "offload.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ratelimit.h>
#include <linux/rtnetlink.h>
#include <net/busy_poll.h>

static struct workqueue_struct *patient_wq;

irqreturn_t coloop_receive_event(int irq, void *data)
{
	struct coloop_queue *queue = data;

	atomic64_inc(&queue->events_received);
	coloop_evtchn_taken(&queue->evtchn);
	napi_schedule(&queue->napi);
	return IRQ_HANDLED;
}

static bool set_offloads(struct sk_buff *skb, const struct coloop_record *record)
{
	const struct virtio_net_hdr hdr = coloop_record_offloads(record);

	skb_set_network_header(skb, ETH_HLEN);
	if (virtio_net_hdr_to_skb(skb, &hdr, true))
		return false;
	if (record->flags & COLOOP_DATA_VALID && skb->ip_summed == CHECKSUM_NONE)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return true;
}

static bool fill_frags(struct coloop_queue *queue, struct sk_buff *skb, u32 at, u32 len)
{
	while (at < len) {
		u32 part = len - at;
		void *room = coloop_pool_room(&queue->pool, &part);

		if (!room || skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS)
			return false;
		coloop_rx_copy(&queue->rx, room, at, part);
		coloop_pool_append(&queue->pool, skb, part);
		at += part;
	}
	return true;
}

/* Copies the next record's frame into memory of our own; NULL for want of that. */
static struct sk_buff *copy_frame(struct coloop_queue *queue, const struct coloop_record *record)
{
	u32 head = coloop_record_head(record);
	struct sk_buff *skb;

	skb = napi_alloc_skb(&queue->napi, head);
	if (!skb)
		return NULL;
	coloop_rx_copy(&queue->rx, skb_put(skb, head), 0, head);
	if (!fill_frags(queue, skb, head, record->len)) {
		kfree_skb(skb);
		return NULL;
	}
	return skb;
}

/* Whoever listens on coloop0 itself sees packets there first. */
static bool is_listened_to(const struct net_device *dev)
{
	return !list_empty(&dev->ptype_all) || coloop_compat_has_tc_ingress(dev) ||
#ifdef CONFIG_NETFILTER_INGRESS
	       rcu_access_pointer(dev->nf_hooks_ingress) ||
#endif
	       rcu_access_pointer(dev->xdp_prog);
}

/* The link of this frame, if its addresses belong to the channel's peer. */
static struct coloop_link *link_of(struct coloop_queue *queue, const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct coloop_link *link = coloop_link_find(eth->h_dest, eth->h_source);

	return link && &link->peer->channel == queue->channel ? link : NULL;
}

static bool is_ip(const struct sk_buff *skb)
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

/* A frame that no honest peer sends: a lie, unless it is one of few. */
static void doubt(struct coloop_queue *queue)
{
	const struct coloop_rx_stats *stats = &queue->rx_stats;

	if (!test_bit(COLOOP_UNLINKED, &queue->channel->flags) && !__ratelimit(&queue->doubts))
		coloop_channel_fault(queue->channel, COLOOP_REASON_BAD_FRAME,
				     stats->dropped_source + stats->dropped_header);
}

static void deliver(struct sk_buff *skb, struct net_device *lower)
{
	dev_sw_netstats_rx_add(coloop_dev, skb->len + ETH_HLEN);
	if (unlikely(is_listened_to(coloop_dev)))
		skb->dev = coloop_dev;
	/* The peer sent to the address that dom0 gave our interface. */
	skb->pkt_type = PACKET_HOST;
	netif_receive_skb(skb);
}

static void receive_one(struct coloop_queue *queue, const struct coloop_record *record)
{
	enum coloop_drop drop = COLOOP_DROP_MEMORY;
	struct sk_buff *skb = copy_frame(queue, record);
	struct coloop_link *link;
	u64 *counter = &queue->rx_stats.dropped_memory;

	if (unlikely(!skb))
		goto drop;
	drop = COLOOP_DROP_SOURCE;
	counter = &queue->rx_stats.dropped_source;
	link = link_of(queue, skb);
	if (unlikely(!link))
		goto drop_lie;
	if (unlikely(!(link->dev->flags & IFF_UP)))
		goto drop;
	drop = COLOOP_DROP_HEADER;
	counter = &queue->rx_stats.dropped_header;
	skb->dev = link->dev;
	if (unlikely(!set_offloads(skb, record)))
		goto drop_lie;
	skb->protocol = eth_type_trans(skb, link->dev);
	if (unlikely(!is_ip(skb)))
		goto drop_lie;
	/* For sockets that poll the device themselves: net.core.busy_read, SO_BUSY_POLL. */
	skb_mark_napi_id(skb, &queue->napi);
	queue->rx_stats.packets++;
	queue->rx_stats.bytes += record->len;
	deliver(skb, link->dev);
	return;

drop_lie:
	doubt(queue);
drop:
	++*counter;
	dev_core_stats_rx_dropped_inc(coloop_dev);
	trace_coloop_drop(coloop_channel_peer(queue->channel)->domid, drop, record->len);
	kfree_skb(skb);
}

static void publish(struct coloop_queue *queue)
{
	if (coloop_rx_publish(&queue->rx))
		coloop_evtchn_notify(&queue->evtchn);
}

/* Returns the number of records taken; fewer than @budget: the ring is empty or the peer lied. */
static int take_records(struct coloop_queue *queue, int budget)
{
	struct coloop_record record;
	int done = 0;
	int ret = 0;
	u32 lie;

	while (done < budget) {
		ret = coloop_rx_next(&queue->rx, &record, &lie);
		if (ret <= 0)
			break;
		receive_one(queue, &record);
		coloop_rx_skip(&queue->rx, record.len);
		if (queue->rx.cons - queue->rx.told >= COLOOP_PUBLISH_BYTES)
			publish(queue);
		done++;
	}
	publish(queue);
	if (unlikely(ret < 0))
		coloop_channel_fault(queue->channel, ret == -EPROTO ? COLOOP_REASON_BAD_INDEX :
				     COLOOP_REASON_BAD_RECORD, lie);
	return done;
}

/* How far the peer is in its life, which it tells in the first queue's page. */
static u32 side_of(const struct coloop_channel *ch)
{
	return virt_load_acquire(&ch->queue->rx.peer->side); /* before what it announces */
}

static void follow_side(struct coloop_channel *ch)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	u32 side = side_of(ch);

	switch (side) {
	case COLOOP_SIDE_OFFERED:
		break;
	case COLOOP_SIDE_MAPPED:
		if (READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_MAPPED)
			coloop_peer_post(peer, COLOOP_TODO_LIVE);
		break;
	case COLOOP_SIDE_CLOSING:
		if (READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_DRAINING)
			wake_up(&ch->drained);
		else
			coloop_peer_post(peer, COLOOP_TODO_CLOSE);
		break;
	default:
		coloop_channel_fault(ch, COLOOP_REASON_BAD_STATE, side);
	}
}

/*
 * More waits.  A peer that fills its ring as fast as we empty it would keep the processor from all
 * programs; beyond a few polls the next is a thread's, which the scheduler weighs against them.
 * No event is asked for meanwhile, and one that came stays unanswered.  The work is queued while
 * the poll is ours, which napi_disable() waits for; a socket that busy polls goes on by itself.
 */
static int go_on(struct coloop_queue *queue, int budget)
{
	if (++queue->eager < COLOOP_EAGER_POLLS)
		return budget;
	if (!test_bit(NAPI_STATE_IN_BUSY_POLL, &queue->napi.state))
		queue_work(patient_wq, &queue->patient);
	napi_complete_done(&queue->napi, budget - 1);
	return budget - 1;
}

static int poll(struct napi_struct *napi, int budget)
{
	struct coloop_queue *queue = container_of(napi, struct coloop_queue, napi);
	struct coloop_channel *ch = queue->channel;
	int done = 0;

	if (likely(!coloop_channel_is_faulted(ch))) {
		bool sent = coloop_send_backlog(queue);

		done = take_records(queue, budget);
		if (sent || done)
			coloop_evtchn_earned(&queue->evtchn);
		/* A peer that sends at once and without end must still be seen to have come. */
		if (done < budget || READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_MAPPED)
			follow_side(ch);
		if (done == budget)
			return go_on(queue, budget);
	}
	if (!coloop_channel_is_faulted(ch) && coloop_rx_arm(&queue->rx))
		return go_on(queue, budget);
	queue->eager = 0;
	if (napi_complete_done(napi, done))
		coloop_evtchn_done(&queue->evtchn);
	return done;
}

/* As the kernel's threaded polls do, outside of softirq: the time is this thread's. */
static void poll_patiently(struct work_struct *work)
{
	struct coloop_queue *queue = container_of(work, struct coloop_queue, patient);

	local_bh_disable();
	if (napi_schedule_prep(&queue->napi) &&
	    poll(&queue->napi, NAPI_POLL_WEIGHT) == NAPI_POLL_WEIGHT)
		__napi_schedule(&queue->napi);
	local_bh_enable();
}

void coloop_receive_init(struct coloop_queue *queue)
{
	queue->eager = 0;
	INIT_WORK(&queue->patient, poll_patiently);
	/* Channels share the device, and its list of polls has no other lock until 6.14. */
	rtnl_lock();
	netif_napi_add(coloop_dev, &queue->napi, poll);
	rtnl_unlock();
}

void coloop_receive_uninit(struct coloop_queue *queue)
{
	rtnl_lock();
	netif_napi_del(&queue->napi);
	rtnl_unlock();
}

void coloop_receive_start(struct coloop_queue *queue)
{
	napi_enable(&queue->napi);
	/* An event before this found the poll disabled; the peer may have said its part. */
	local_bh_disable();
	napi_schedule(&queue->napi);
	local_bh_enable();
}

void coloop_receive_stop(struct coloop_queue *queue)
{
	napi_disable(&queue->napi);
	cancel_work_sync(&queue->patient);
}

int coloop_receive_module_init(void)
{
	/* Bound to the CPU where the event arrived, and the next one will. */
	patient_wq = alloc_workqueue("coloop_rx", WQ_CPU_INTENSIVE | WQ_MEM_RECLAIM |
				     COLOOP_COMPAT_WQ_PERCPU, 0);
	return patient_wq ? 0 : -ENOMEM;
}

void coloop_receive_module_uninit(void)
{
	destroy_workqueue(patient_wq);
}
