// SPDX-License-Identifier: GPL-2.0
/*
 *            offer            attach           peer is mapped
 *   closed --------> offered --------> mapped ----------------> live
 *     ^                 |                 |                       |
 *     |                 +------ close ----+------- close ---------+
 *     |                                   v
 *     +----------- drained ----------- draining
 *
 *   mapped, live --- the peer lied ------------> broken ---+
 *   live ----------- the peer takes no data ---> stalled --+-- offer --> offered
 *
 * Packets are diverted in live only.  closed, broken and stalled hold no memory and no port.  The
 * peer learns of our steps from `side` in our control page and an event, never from XenStore.
 */

#include "channel.h"
#include "control.h"
#include "limits.h"
#include "netlink.h"
#include "peer.h"
#include "queueing.h"
#include "trace.h"

#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

atomic_t coloop_channels_up = ATOMIC_INIT(0);

static void set_state(struct coloop_channel *ch, enum coloop_channel_state state,
		      enum coloop_reason reason)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);

	lockdep_assert_held(&peer->lock);
	if (ch->state == state)
		return;
	trace_coloop_state(peer->domid, ch->state, state, reason);
	pr_debug("channel to %u: state %u to %u, reason %u\n", peer->domid, ch->state, state,
		 reason);
	/* With tx_lock, nothing is put into the ring once live is over. */
	spin_lock_bh(&ch->tx_lock);
	WRITE_ONCE(ch->state, state);
	spin_unlock_bh(&ch->tx_lock);
	ch->reason = reason;
	ch->since = ktime_get_boottime_ns();
	coloop_nl_notify(peer, COLOOP_CMD_CHANNEL_NTF);
}

static void set_side(struct coloop_channel *ch, enum coloop_side side)
{
	virt_store_release(&ch->own->side, side); /* after all that it announces */
	if (ch->evtchn.irq)
		coloop_evtchn_notify(&ch->evtchn);
}

void coloop_channel_fault(struct coloop_channel *ch, enum coloop_reason reason, u32 detail)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);

	if (test_and_set_bit(COLOOP_FAULTED, &ch->flags))
		return;
	ch->fault = reason;
	ch->fault_detail = detail;
	coloop_peer_post(peer, COLOOP_TODO_FAULT);
}

u32 coloop_channel_queued(struct coloop_channel *ch)
{
	u32 queued = 0;

	spin_lock_bh(&ch->tx_lock);
	if (ch->tx.peer)
		queued = ch->tx.prod - READ_ONCE(ch->tx.peer->cons);
	/* The peer's number is shown, not used. */
	queued = min(queued, ch->tx.size);
	queued += ch->backlog[COLOOP_BULK].bytes + ch->backlog[COLOOP_DATAGRAM].bytes;
	spin_unlock_bh(&ch->tx_lock);
	return queued;
}

bool coloop_channel_is_drained(struct coloop_channel *ch)
{
	const struct coloop_control *peer = ch->tx.peer;

	return test_bit(COLOOP_FAULTED, &ch->flags) ||
	       (READ_ONCE(peer->side) == COLOOP_SIDE_CLOSING &&
		READ_ONCE(peer->cons) == ch->tx.prod &&
		READ_ONCE(peer->prod) == READ_ONCE(ch->own->cons));
}

/*
 * Has the peer taken what waits for it, since the last look?  Ends the watch when nothing waits;
 * under tx_lock, so that a packet sent after that starts a new one.
 */
static bool is_stalled(struct coloop_channel *ch, bool *waiting)
{
	if (!coloop_send_look(ch))
		return false;
	*waiting = ch->tx.cons != ch->tx.prod;
	if (!*waiting)
		clear_bit(COLOOP_WATCHED, &ch->flags);
	if (!*waiting || ch->tx.cons != ch->progress_cons)
		ch->progress_at = jiffies;
	ch->progress_cons = ch->tx.cons;
	return time_after(jiffies, ch->progress_at + msecs_to_jiffies(COLOOP_STALL_MS));
}

/* Runs while anything waits: data for the peer to take, or an offer for the peer to map. */
static void watch(struct work_struct *work)
{
	struct coloop_channel *ch = container_of(to_delayed_work(work), struct coloop_channel,
						 watchdog);
	bool waiting = false, stalled = false, late = false;

	/* Ordinarily nothing: the peer's event for room has done it. */
	local_bh_disable();
	coloop_send_backlog(ch);
	local_bh_enable();
	spin_lock_bh(&ch->tx_lock);
	switch (ch->state) {
	case COLOOP_CHANNEL_STATE_LIVE:
		stalled = is_stalled(ch, &waiting);
		break;
	case COLOOP_CHANNEL_STATE_OFFERED:
	case COLOOP_CHANNEL_STATE_MAPPED:
		waiting = true;
		late = time_after(jiffies, ch->progress_at + msecs_to_jiffies(COLOOP_CONNECT_MS));
		break;
	default:
		break;
	}
	spin_unlock_bh(&ch->tx_lock);

	if (stalled)
		coloop_channel_fault(ch, COLOOP_REASON_STALLED, ch->progress_cons);
	else if (late)
		coloop_peer_post(coloop_channel_peer(ch), COLOOP_TODO_TIMEOUT);
	else if (waiting)
		schedule_delayed_work(&ch->watchdog, msecs_to_jiffies(COLOOP_WATCH_MS));
}

void coloop_channel_watch(struct coloop_channel *ch)
{
	if (test_bit(COLOOP_WATCHED, &ch->flags) || test_and_set_bit(COLOOP_WATCHED, &ch->flags))
		return;
	ch->progress_at = jiffies;
	schedule_delayed_work(&ch->watchdog, msecs_to_jiffies(COLOOP_WATCH_MS));
}

void coloop_channel_init(struct coloop_channel *ch)
{
	unsigned int i;

	spin_lock_init(&ch->tx_lock);
	for (i = 0; i < COLOOP_CLASSES; i++)
		__skb_queue_head_init(&ch->backlog[i].queue);
	__skb_queue_head_init(&ch->lent);
	init_waitqueue_head(&ch->drained);
	INIT_DELAYED_WORK(&ch->watchdog, watch);
}

/* Maps our ring twice in a row, so that no record ever has to be cut. */
static void *map_own_ring(const struct coloop_pages *pages)
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

static void fill_control(struct coloop_channel *ch)
{
	struct coloop_control *own = ch->own;
	unsigned int i;

	own->magic = COLOOP_MAGIC;
	own->version = COLOOP_PROTOCOL_MAX;
	own->order = ch->order;
	own->features = COLOOP_FEATURES;
	own->epoch = coloop_channel_peer(ch)->epoch;
	for (i = 0; i < ch->pages->count - 1; i++)
		own->ref[i] = ch->pages->page[i + 1].ref;
}

static void reset(struct coloop_channel *ch)
{
	/* What the life before has posted is no longer meant. */
	WRITE_ONCE(coloop_channel_peer(ch)->todo, 0);
	memset(&ch->tx, 0, sizeof(ch->tx));
	memset(&ch->rx, 0, sizeof(ch->rx));
	ch->lent_mark = 0;
	memset(&ch->window, 0, sizeof(ch->window));
	memset(&ch->tx_stats, 0, sizeof(ch->tx_stats));
	memset(&ch->rx_stats, 0, sizeof(ch->rx_stats));
	atomic64_set(&ch->events_received, 0);
	atomic64_set(&ch->returned, 0);
	ch->flags = 0;
	ch->fault = COLOOP_REASON_NONE;
	ch->detail = 0;
	ch->remote_order = 0;
}

int coloop_channel_offer(struct coloop_channel *ch, u32 order, bool listen,
			 struct netlink_ext_ack *extack)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	int ret = -ENOMEM;

	lockdep_assert_held(&peer->lock);
	if (coloop_channel_is_up(ch)) {
		NL_SET_ERR_MSG_MOD(extack, "the channel is offered already; close it first");
		return -EBUSY;
	}
	if (coloop_pages_deferred(peer->domid) > COLOOP_DEFERRED_MAX) {
		NL_SET_ERR_MSG_MOD(extack, "the peer keeps too many pages of ended channels");
		return -EDQUOT;
	}
	reset(ch);
	ch->order = order;
	ch->pages = coloop_pages_alloc(peer->domid, 1 + (1u << order));
	if (!ch->pages)
		goto err;
	ch->ring = map_own_ring(ch->pages);
	if (!ch->ring)
		goto err_put_pages;
	if (listen) {
		ret = coloop_evtchn_listen(&ch->evtchn, peer->domid, extack);
		if (ret)
			goto err_unmap_ring;
	}
	ch->listens = listen;
	ch->own = page_address(ch->pages->page[0].page);
	/* Nothing can fail from here on, so what is granted is never withdrawn half-made. */
	coloop_pages_share(ch->pages);
	fill_control(ch);
	set_side(ch, COLOOP_SIDE_OFFERED);
	atomic_inc(&coloop_channels_up);
	set_state(ch, COLOOP_CHANNEL_STATE_OFFERED, COLOOP_REASON_NONE);
	coloop_channel_watch(ch);
	pr_debug("channel to %u created\n", peer->domid);
	return 0;

err_unmap_ring:
	vunmap(ch->ring);
	ch->ring = NULL;
err_put_pages:
	coloop_pages_put(ch->pages);
	ch->pages = NULL;
err:
	if (ret == -ENOMEM)
		NL_SET_ERR_MSG_FMT_MOD(extack, "no memory or grants for a ring of %u pages",
				       1u << order);
	return ret;
}

/* The copies in @ch and @copy are all that is believed from here on (R1, R3). */
static int read_control(struct coloop_channel *ch, struct coloop_geometry *copy,
			struct netlink_ext_ack *extack)
{
	const struct coloop_control *peer = (const void *)ch->control_map.address[0];

	switch (coloop_control_read(peer, coloop_channel_peer(ch)->epoch, copy)) {
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
	ch->remote_order = copy->order;
	ch->remote_features = copy->features;
	return 0;
}

static int map_peer(struct coloop_channel *ch, grant_ref_t control_ref,
		    struct netlink_ext_ack *extack)
{
	domid_t domid = coloop_channel_peer(ch)->domid;
	struct coloop_geometry *copy;
	int ret;

	ret = coloop_map_get(&ch->control_map, domid, &control_ref, 1, extack);
	if (ret)
		return ret;
	copy = kvzalloc(sizeof(*copy), GFP_KERNEL);
	ret = copy ? read_control(ch, copy, extack) : -ENOMEM;
	if (!ret)
		ret = coloop_map_get(&ch->ring_map, domid, copy->refs, 1u << ch->remote_order,
				     extack);
	kvfree(copy);
	return ret;
}

static void init_ends(struct coloop_channel *ch)
{
	const struct coloop_control *peer = (const void *)ch->control_map.address[0];

	spin_lock_bh(&ch->tx_lock);
	ch->tx = (struct coloop_tx){
		.own = ch->own,
		.peer = peer,
		.data = ch->ring,
		.size = COLOOP_PAGE_SIZE << ch->order,
	};
	ch->window.limit = min_t(u32, COLOOP_WINDOW_BYTES, ch->tx.size / COLOOP_WINDOW_PART);
	spin_unlock_bh(&ch->tx_lock);
	ch->rx = (struct coloop_rx){
		.own = ch->own,
		.peer = peer,
		.pages = ch->ring_map.address,
		.size = COLOOP_PAGE_SIZE << ch->remote_order,
	};
}

int coloop_channel_attach(struct coloop_channel *ch, grant_ref_t control_ref,
			  evtchn_port_t port, struct netlink_ext_ack *extack)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	int ret;

	lockdep_assert_held(&peer->lock);
	if (ch->state != COLOOP_CHANNEL_STATE_OFFERED) {
		NL_SET_ERR_MSG_MOD(extack, "nothing is offered, or the peer is attached already");
		return -EINVAL;
	}
	ret = map_peer(ch, control_ref, extack);
	if (ret)
		goto err_unmap;
	if (!ch->listens) {
		ret = coloop_evtchn_connect(&ch->evtchn, peer->domid, port, extack);
		if (ret)
			goto err_unmap;
	}
	init_ends(ch);
	coloop_receive_init(ch);
	ret = coloop_evtchn_bind(&ch->evtchn, coloop_receive_event, ch, extack);
	if (ret)
		goto err_close;
	set_state(ch, COLOOP_CHANNEL_STATE_MAPPED, COLOOP_REASON_NONE);
	set_side(ch, COLOOP_SIDE_MAPPED);
	/* Not before the bind is complete: the poll ends with a word to the interrupt. */
	coloop_receive_start(ch);
	return 0;

err_close:
	coloop_receive_uninit(ch);
	if (!ch->listens)
		coloop_evtchn_close(&ch->evtchn, ch);
err_unmap:
	memset(&ch->tx, 0, sizeof(ch->tx));
	coloop_map_put(&ch->ring_map);
	coloop_map_put(&ch->control_map);
	return ret;
}

void coloop_channel_go_live(struct coloop_channel *ch)
{
	if (ch->state != COLOOP_CHANNEL_STATE_MAPPED)
		return;
	/* The watch measures the peer's progress from here on. */
	ch->progress_at = jiffies;
	set_state(ch, COLOOP_CHANNEL_STATE_LIVE, COLOOP_REASON_NONE);
}

/* R12: mark dead, stop NAPI, unbind, unmap, end grants, free.  The first is the caller's. */
static void tear_down(struct coloop_channel *ch)
{
	bool was_connected = ch->evtchn.irq;

	if (was_connected)
		coloop_receive_stop(ch);
	coloop_evtchn_close(&ch->evtchn, ch);
	if (was_connected)
		coloop_receive_uninit(ch);
	cancel_delayed_work_sync(&ch->watchdog);
	spin_lock_bh(&ch->tx_lock);
	memset(&ch->tx, 0, sizeof(ch->tx));
	spin_unlock_bh(&ch->tx_lock);
	memset(&ch->rx, 0, sizeof(ch->rx));
	coloop_map_put(&ch->ring_map);
	coloop_map_put(&ch->control_map);
	vunmap(ch->ring);
	ch->ring = NULL;
	ch->own = NULL;
	coloop_pages_put(ch->pages);
	ch->pages = NULL;
	coloop_pool_drain(&ch->pool);
	atomic_dec(&coloop_channels_up);
	pr_debug("channel to %u destroyed\n", coloop_channel_peer(ch)->domid);
}

void coloop_channel_expire(struct coloop_channel *ch)
{
	if (ch->state == COLOOP_CHANNEL_STATE_OFFERED || ch->state == COLOOP_CHANNEL_STATE_MAPPED)
		coloop_channel_close(ch, COLOOP_REASON_TIMEOUT);
}

void coloop_channel_close(struct coloop_channel *ch, enum coloop_reason reason)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	bool was_connected = ch->evtchn.irq;

	lockdep_assert_held(&peer->lock);
	if (!coloop_channel_is_up(ch))
		return;
	set_state(ch, COLOOP_CHANNEL_STATE_DRAINING, reason);
	coloop_send_return_backlog(ch);
	if (was_connected)
		/* Have the peer tell us when it has taken all; nothing more will be put in. */
		coloop_tx_arm(&ch->tx, ch->tx.prod);
	set_side(ch, COLOOP_SIDE_CLOSING);
	if (was_connected)
		wait_event_timeout(ch->drained, coloop_channel_is_drained(ch),
				   msecs_to_jiffies(COLOOP_DRAIN_MS));
	tear_down(ch);
	set_state(ch, COLOOP_CHANNEL_STATE_CLOSED, reason);
	WRITE_ONCE(peer->wanted, 0);
}

void coloop_channel_fail(struct coloop_channel *ch)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	enum coloop_reason reason = ch->fault;

	lockdep_assert_held(&peer->lock);
	if (!coloop_channel_is_up(ch) || !test_bit(COLOOP_FAULTED, &ch->flags))
		return;
	pr_warn_ratelimited("channel to %s (domain %u) is given up, reason %u, number %u\n",
			    peer->name, peer->domid, reason, ch->fault_detail);
	ch->detail = ch->fault_detail;
	set_state(ch, reason == COLOOP_REASON_STALLED ? COLOOP_CHANNEL_STATE_STALLED :
							COLOOP_CHANNEL_STATE_BROKEN, reason);
	coloop_send_return_backlog(ch);
	set_side(ch, COLOOP_SIDE_CLOSING);
	tear_down(ch);
	WRITE_ONCE(peer->wanted, 0);
}

/* With the peer: nothing can reach the channel any more. */
void coloop_channel_uninit(struct coloop_channel *ch)
{
	cancel_delayed_work_sync(&ch->watchdog);
}
