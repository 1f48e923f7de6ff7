// SPDX-License-Identifier: GPL-2.0

#include "queue.h"
#include "channel.h"
#include "control.h"
#include "limits.h"
#include "peer.h"
#include "queueing.h"

#include <linux/cpumask.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

void coloop_queue_init(struct coloop_queue *queue, struct coloop_channel *ch)
{
	unsigned int i;

	/* A grant shares 4096 bytes; with larger pages the rest of each would be no part of it. */
	static_assert(PAGE_SIZE == COLOOP_PAGE_SIZE, "coloop needs pages of 4096 bytes");

	queue->channel = ch;
	spin_lock_init(&queue->tx_lock);
	for (i = 0; i < COLOOP_CLASSES; i++)
		__skb_queue_head_init(&queue->backlog[i].queue);
	__skb_queue_head_init(&queue->charged);
}

/* Maps our ring twice in a row, so that no record ever has to be cut. */
static void *queue_map_own_ring(const struct coloop_pages *pages)
{
	unsigned int i, count = pages->count - 1;
	struct page **twice;
	void *ring;

	twice = kvcalloc(2 * count, sizeof(*twice), GFP_KERNEL);
	if (!twice)
		return NULL;
	for (i = 0; i < count; i++)
		twice[i] = pages->page[i + 1].page;
	memcpy(twice + count, twice, count * sizeof(*twice));
	ring = vmap(twice, 2 * count, VM_MAP, PAGE_KERNEL);
	kvfree(twice);
	return ring;
}

/* Counts from zero, with nothing of the life before. */
static void queue_reset(struct coloop_queue *queue)
{
	queue->charged_mark = 0;
	queue->flags = 0;
	queue->remote_order = 0;
	memset(&queue->window, 0, sizeof(queue->window));
	memset(&queue->referred, 0, sizeof(queue->referred));
	memset(&queue->tx_stats, 0, sizeof(queue->tx_stats));
	memset(&queue->rx_stats, 0, sizeof(queue->rx_stats));
	WRITE_ONCE(queue->events_received, 0);
}

int coloop_queue_prepare(struct coloop_queue *queue, domid_t domid, u32 order, bool listen,
			 struct netlink_ext_ack *extack)
{
	int ret;

	queue_reset(queue);
	queue->pages = coloop_pages_alloc(domid, coloop_queue_grants(order));
	if (!queue->pages)
		goto err;
	queue->own = page_address(queue->pages->page[0].page);
	queue->ring = queue_map_own_ring(queue->pages);
	if (!queue->ring)
		goto err;
	ret = listen ? coloop_evtchn_listen(&queue->evtchn, domid, extack) : 0;
	if (ret)
		coloop_queue_release(queue);
	return ret;

err:
	coloop_queue_release(queue);
	NL_SET_ERR_MSG_FMT_MOD(extack, "no memory or grants for a ring of %u pages", 1u << order);
	return -ENOMEM;
}

void coloop_queue_share(struct coloop_queue *queue, u32 order, u32 epoch)
{
	struct coloop_control *own = queue->own;
	unsigned int i;

	coloop_pages_share(queue->pages);
	own->magic = COLOOP_MAGIC;
	own->version = COLOOP_PROTOCOL_MAX;
	own->order = order;
	own->features = COLOOP_FEATURES;
	/* Who grants nothing maps nothing. */
	if (!READ_ONCE(queue->channel->frag_pages))
		own->features &= ~(COLOOP_FEATURE_FRAG_PAGES | COLOOP_FEATURES_LARGE);
	own->epoch = epoch;
	for (i = 0; i < queue->pages->count - 1; i++)
		own->ref[i] = queue->pages->page[i + 1].ref;
}

/* The copy is all that is believed from here on (R1, R3). */
static int queue_read_control(const struct coloop_queue *queue, struct coloop_geometry *copy,
			      struct netlink_ext_ack *extack)
{
	const struct coloop_control *peer = (const void *)queue->control_map.address[0];

	switch (coloop_control_read(peer, coloop_channel_peer(queue->channel)->epoch, copy)) {
	case COLOOP_CONTROL_NO_MAGIC:
		NL_SET_ERR_MSG_MOD(extack, "the peer's page is no control page");
		return -EPROTO;
	case COLOOP_CONTROL_BAD_VERSION:
		NL_SET_ERR_MSG_FMT_MOD(extack, "peer speaks version %u, we speak %u to %u",
				       copy->version, COLOOP_PROTOCOL_MIN, COLOOP_PROTOCOL_MAX);
		return -EPROTONOSUPPORT;
	case COLOOP_CONTROL_BAD_ORDER:
		NL_SET_ERR_MSG_FMT_MOD(extack, "the peer's ring order is %u, expected %u to %u",
				       copy->order, COLOOP_ORDER_MIN, COLOOP_ORDER_MAX);
		return -EPROTO;
	case COLOOP_CONTROL_BAD_EPOCH:
		NL_SET_ERR_MSG_MOD(extack, "the peer's page is of another epoch");
		return -ESTALE;
	case COLOOP_CONTROL_OK:
		break;
	}
	return 0;
}

static void queue_init_ends(struct coloop_queue *queue)
{
	const struct coloop_control *peer = (const void *)queue->control_map.address[0];

	spin_lock_bh(&queue->tx_lock);
	queue->tx = (struct coloop_tx){
		.own = queue->own,
		.peer = peer,
		.data = queue->ring,
		.size = COLOOP_PAGE_SIZE * (queue->pages->count - 1),
	};
	queue->window.limit = min_t(u32, COLOOP_WINDOW_BYTES,
				    queue->tx.size / COLOOP_WINDOW_PART);
	queue->referred.limit = COLOOP_REFERRED_BYTES;
	spin_unlock_bh(&queue->tx_lock);
	queue->rx = (struct coloop_rx){
		.own = queue->own,
		.peer = peer,
		.pages = queue->ring_map.address,
		.size = COLOOP_PAGE_SIZE << queue->remote_order,
		.foreign = &queue->channel->foreign.pages,
	};
	ratelimit_state_init(&queue->bad_frames, msecs_to_jiffies(COLOOP_BAD_FRAMES_MS),
			     queue->rx.size / COLOOP_BAD_FRAME_BYTES);
	/* It counts; nothing is printed that could be suppressed. */
	ratelimit_set_flags(&queue->bad_frames, RATELIMIT_MSG_ON_RELEASE);
}

int coloop_queue_map(struct coloop_queue *queue, grant_ref_t control_ref,
		     struct coloop_geometry *copy, struct netlink_ext_ack *extack)
{
	domid_t domid = coloop_channel_peer(queue->channel)->domid;
	int ret;

	ret = coloop_map_get(&queue->control_map, domid, &control_ref, 1, 1, extack);
	if (ret)
		return ret;
	ret = queue_read_control(queue, copy, extack);
	if (ret)
		return ret;
	queue->remote_order = copy->order;
	ret = coloop_map_get(&queue->ring_map, domid, copy->refs, 1u << copy->order, 1,
			     extack);
	if (ret)
		return ret;
	queue_init_ends(queue);
	return 0;
}

/* Polls run where their events arrive: one CPU a queue, as far as there are CPUs. */
static void queue_spread(struct coloop_queue *queue)
{
	unsigned int at = queue - queue->channel->queue;

	if (queue->channel->queues > 1)
		coloop_evtchn_settle(&queue->evtchn, cpumask_local_spread(at, NUMA_NO_NODE));
}

int coloop_queue_connect(struct coloop_queue *queue, evtchn_port_t port,
			 struct netlink_ext_ack *extack)
{
	domid_t domid = coloop_channel_peer(queue->channel)->domid;
	int ret;

	if (!queue->evtchn.port) {
		ret = coloop_evtchn_connect(&queue->evtchn, domid, port, extack);
		if (ret)
			return ret;
	}
	coloop_poll_init(queue);
	ret = coloop_evtchn_bind(&queue->evtchn, domid, coloop_poll_event, queue, extack);
	if (ret) {
		coloop_poll_uninit(queue);
		return ret;
	}
	queue_spread(queue);
	return 0;
}

/* Ends the link to the peer's pages, which nobody reads any more. */
static void queue_unmap(struct coloop_queue *queue)
{
	spin_lock_bh(&queue->tx_lock);
	memset(&queue->tx, 0, sizeof(queue->tx));
	spin_unlock_bh(&queue->tx_lock);
	memset(&queue->rx, 0, sizeof(queue->rx));
	coloop_map_put(&queue->ring_map);
	coloop_map_put(&queue->control_map);
}

void coloop_queue_detach(struct coloop_queue *queue, bool listens)
{
	bool is_bound = queue->evtchn.irq;

	/* An allocated port stays ours until it is bound: the peer may try again. */
	if (is_bound || !listens)
		coloop_evtchn_close(&queue->evtchn, queue);
	if (is_bound)
		coloop_poll_uninit(queue);
	queue_unmap(queue);
}

void coloop_queue_stop(struct coloop_queue *queue)
{
	if (queue->evtchn.irq) {
		coloop_poll_stop(queue);
		/* Waits for a poll that is over but for its word to the interrupt. */
		coloop_poll_uninit(queue);
	}
	coloop_evtchn_close(&queue->evtchn, queue);
}

void coloop_queue_release(struct coloop_queue *queue)
{
	queue_unmap(queue);
	vunmap(queue->ring);
	queue->ring = NULL;
	queue->own = NULL;
	coloop_pages_put(queue->pages);
	queue->pages = NULL;
	coloop_pool_drain(&queue->pool);
}
