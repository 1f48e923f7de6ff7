// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of a flow that began on the ordinary path are still on their way there when its channel
 * goes live, and the ring is faster.  So that none is overtaken:
 *
 *      we                                            peer
 *  1  hold new packets in the backlog
 *  2  wait for hooks that saw no channel, and
 *     for the lower devices' queues to be empty
 *  3  send marker frames by the lower devices  -->   4  note which have arrived
 *  6  put what is held into the ring, in order <--   5  all: store `marker`, send an event
 *
 * What is held would have had to wait for the same packets on the ordinary path.  A queue that
 * others keep full, and a marker that is lost or forged, cost or save a moment of holding
 * (COLOOP_ORDER_MS).
 */

#include "marker.h"
#include "channel.h"
#include "limits.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"

#include <linux/etherdevice.h>
#include <linux/random.h>
#include <net/sch_generic.h>

/*
 * After an Ethernet header with ETH_P_802_EX1, which IEEE 802 leaves to local experiments;
 * big-endian. Padded with zeros to the smallest Ethernet frame.
 */
struct marker_frame {
	struct ethhdr eth;
	__be32 magic;
	__be32 number;
	u8 index;
	u8 count;
	u8 zero[ETH_ZLEN - ETH_HLEN - 10];
} __packed;

static_assert(sizeof(struct marker_frame) == ETH_ZLEN);
static_assert(COLOOP_MARKER_FRAMES * COLOOP_LINKS_MAX <= COLOOP_MARKER_MAX);

static struct sk_buff *marker_make_frame(const struct coloop_link *link, u32 number, u8 index,
					 u8 count)
{
	struct net_device *dev = link->dev;
	struct marker_frame *frame;
	struct sk_buff *skb;
	u32 turn = index % COLOOP_MARKER_FRAMES;

	skb = alloc_skb(LL_RESERVED_SPACE(dev) + sizeof(*frame) + dev->needed_tailroom, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(dev) - ETH_HLEN);
	frame = skb_put_zero(skb, sizeof(*frame));
	ether_addr_copy(frame->eth.h_dest, link->remote);
	ether_addr_copy(frame->eth.h_source, link->local);
	frame->eth.h_proto = htons(ETH_P_802_EX1);
	frame->magic = htonl(COLOOP_MAGIC);
	frame->number = htonl(number);
	frame->index = index;
	frame->count = count;
	skb->protocol = frame->eth.h_proto;
	skb_set_network_header(skb, ETH_HLEN);
	skb->dev = dev;
	/* The hash chooses queues, by its remainder (netfront) or its upper bits (netback). */
	skb_set_hash(skb, turn << 29 | turn, PKT_HASH_TYPE_L4);
	return skb;
}

static bool marker_can_send(const struct coloop_link *link)
{
	return netif_running(link->dev) && netif_carrier_ok(link->dev);
}

/* The copy tells when the device lets go of the frame: until then they share its data. */
static void marker_send_frame(struct coloop_marker *marker, struct sk_buff *skb)
{
	struct sk_buff *copy = skb_clone(skb, GFP_KERNEL);

	if (copy)
		__skb_queue_tail(&marker->frames, copy);
	dev_queue_xmit(skb);
}

static void marker_send(struct coloop_channel *ch)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	unsigned int index = 0, count = 0, i;
	struct coloop_link *link;
	struct sk_buff *skb;

	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(link, &peer->links, peer_entry)
		count += marker_can_send(link) ? COLOOP_MARKER_FRAMES : 0;
	list_for_each_entry(link, &peer->links, peer_entry) {
		for (i = 0; i < COLOOP_MARKER_FRAMES && marker_can_send(link); i++) {
			skb = marker_make_frame(link, ch->marker.sent, index++, count);
			if (skb)
				marker_send_frame(&ch->marker, skb);
		}
	}
	mutex_unlock(&coloop_peers_lock);
}

/* What lower devices have to send before the channel may. */
struct marker_load {
	u32 packets;
	unsigned long sent_at; /* changes with each packet that a device takes */
};

/* Packets in the disciplines, where markers might overtake those of a flow. */
static struct marker_load marker_load_queues(struct coloop_peer *peer)
{
	struct marker_load load = {};
	struct coloop_link *link;
	unsigned int i;

	mutex_lock(&coloop_peers_lock);
	rcu_read_lock();
	list_for_each_entry(link, &peer->links, peer_entry) {
		for (i = 0; i < link->dev->real_num_tx_queues; i++) {
			struct netdev_queue *txq = netdev_get_tx_queue(link->dev, i);

			load.packets += qdisc_qlen_sum(rcu_dereference(txq->qdisc));
			load.sent_at += READ_ONCE(txq->trans_start);
		}
	}
	rcu_read_unlock();
	mutex_unlock(&coloop_peers_lock);
	return load;
}

/* Markers that a device has not let go of, and behind which nothing of the flow is left. */
static struct marker_load marker_load_frames(const struct coloop_marker *marker)
{
	struct marker_load load = {.sent_at = marker->sent_at};
	const struct sk_buff *skb;

	skb_queue_walk(&marker->frames, skb)
		load.packets += skb_cloned(skb);
	return load;
}

/* Is there hope?  The time in which a device sends nothing does not count, within bounds. */
static bool marker_may_wait(struct coloop_marker *marker, struct marker_load load)
{
	if (load.sent_at != marker->sent_at) {
		marker->sent_at = load.sent_at;
		marker->still_until = jiffies + msecs_to_jiffies(COLOOP_ORDER_STILL_MS);
	} else if (load.packets && time_before(jiffies, marker->still_until)) {
		marker->until = jiffies + msecs_to_jiffies(COLOOP_ORDER_MS);
	}
	if (load.packets < marker->least) {
		marker->least = load.packets;
		marker->until = jiffies + msecs_to_jiffies(COLOOP_ORDER_MS);
	}
	return time_before(jiffies, marker->until);
}

static void marker_begin_to_wait(struct coloop_marker *marker)
{
	marker->least = U32_MAX;
	marker->still_until = jiffies + msecs_to_jiffies(COLOOP_ORDER_STILL_MS);
}

static bool marker_is_answered(const struct coloop_channel *ch)
{
	u32 sent = READ_ONCE(ch->marker.sent);

	return sent && READ_ONCE(ch->queue->rx.peer->marker) == sent;
}

static void marker_open(struct coloop_channel *ch)
{
	unsigned int i;

	__skb_queue_purge(&ch->marker.frames);
	for (i = 0; i < READ_ONCE(ch->queues); i++)
		coloop_send_open(&ch->queue[i]);
}

static void marker_work(struct work_struct *work)
{
	struct coloop_marker *marker = container_of(to_delayed_work(work), struct coloop_marker,
						    work);
	struct coloop_channel *ch = container_of(marker, struct coloop_channel, marker);
	struct marker_load load = marker->sent ? marker_load_frames(marker) :
						 marker_load_queues(coloop_channel_peer(ch));

	if (marker_is_answered(ch) || !marker_may_wait(marker, load)) {
		marker_open(ch);
		return;
	}
	/* Before the frames: the answer pulls it forward. */
	queue_delayed_work(system_unbound_wq, &marker->work, 1);
	if (marker->sent || load.packets)
		return;
	marker->last += marker->last == U32_MAX ? 2 : 1;
	WRITE_ONCE(marker->sent, marker->last);
	marker_begin_to_wait(marker);
	marker_send(ch);
}

void coloop_marker_start(struct coloop_channel *ch)
{
	/* An older peer does not answer: its packets may overtake each other. */
	if (!(ch->remote_features & COLOOP_FEATURE_MARKERS)) {
		marker_open(ch);
		return;
	}
	/* Hooks that saw no channel have handed their packets to the lower device. */
	synchronize_rcu_expedited();
	WRITE_ONCE(ch->marker.sent, 0);
	marker_begin_to_wait(&ch->marker);
	queue_delayed_work(system_unbound_wq, &ch->marker.work, 0);
}

void coloop_marker_stop(struct coloop_channel *ch)
{
	/* An answer that comes yet is to none that we wait for. */
	WRITE_ONCE(ch->marker.sent, 0);
	cancel_delayed_work_sync(&ch->marker.work);
	__skb_queue_purge(&ch->marker.frames);
}

void coloop_marker_look(struct coloop_channel *ch)
{
	if (marker_is_answered(ch))
		mod_delayed_work(system_unbound_wq, &ch->marker.work, 0);
}

void coloop_marker_answer(struct coloop_channel *ch)
{
	if (!ch->queue->evtchn.irq)
		return;
	WRITE_ONCE(ch->queue->own->marker, READ_ONCE(ch->marker.complete));
	coloop_evtchn_notify(&ch->queue->evtchn);
}

/* A frame of an earlier life, by a slower queue, must not make us forget those of this one. */
static bool marker_is_newer(const struct coloop_marker *marker, u32 number)
{
	return !marker->number || (s32)(number - marker->number) > 0;
}

static void marker_note(struct coloop_peer *peer, const struct marker_frame *frame)
{
	struct coloop_marker *marker = &peer->channel.marker;
	u32 number = ntohl(frame->number);
	bool is_complete = false;

	if (frame->count > COLOOP_MARKER_MAX || frame->index >= frame->count)
		return;
	spin_lock(&marker->lock);
	if (marker_is_newer(marker, number)) {
		bitmap_zero(marker->arrived, COLOOP_MARKER_MAX);
		marker->number = number;
	}
	if (marker->number == number) {
		__set_bit(frame->index, marker->arrived);
		is_complete = find_first_zero_bit(marker->arrived, frame->count) >= frame->count;
	}
	if (is_complete)
		WRITE_ONCE(marker->complete, number);
	spin_unlock(&marker->lock);
	if (is_complete)
		coloop_peer_post(peer, COLOOP_TODO_MARKER);
}

static int marker_receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *type,
			  struct net_device *orig_dev)
{
	const struct marker_frame *frame;
	struct coloop_link *link;

	/* Devices without an Ethernet header may carry any protocol number. */
	if (!skb_mac_header_was_set(skb) || skb->data - skb_mac_header(skb) != ETH_HLEN)
		goto out;
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb || !pskb_may_pull(skb, sizeof(*frame) - ETH_HLEN))
		goto out;
	frame = (const struct marker_frame *)skb_mac_header(skb);
	if (frame->magic != htonl(COLOOP_MAGIC))
		goto out;
	link = coloop_link_find(frame->eth.h_dest, frame->eth.h_source);
	if (link)
		marker_note(link->peer, frame);
out:
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static struct packet_type marker_type __read_mostly = {
	.type = htons(ETH_P_802_EX1),
	.func = marker_receive,
};

void coloop_marker_init(struct coloop_channel *ch)
{
	spin_lock_init(&ch->marker.lock);
	__skb_queue_head_init(&ch->marker.frames);
	INIT_DELAYED_WORK(&ch->marker.work, marker_work);
	/* After the module was loaded anew the peer may still know what we sent before. */
	ch->marker.last = get_random_u32();
}

void coloop_marker_reset(struct coloop_channel *ch)
{
	spin_lock_bh(&ch->marker.lock);
	ch->marker.number = 0;
	WRITE_ONCE(ch->marker.complete, 0);
	spin_unlock_bh(&ch->marker.lock);
}

void coloop_marker_module_init(void)
{
	dev_add_pack(&marker_type);
}

/* Waits for what is being received. */
void coloop_marker_module_uninit(void)
{
	dev_remove_pack(&marker_type);
}
