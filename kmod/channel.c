// SPDX-License-Identifier: GPL-2.0
/*
 *            offer            attach           peer is mapped
 *   closed --------> offered --------> mapped ----------------> live
 *     ^                 |                 |                       |
 *     |                 +------ close ----+------- close ---------+
 *     |                                   v
 *     +----------- drained ----------- draining
 *
 *   mapped, live --- a protocol fault ---------> broken ---+
 *   live ----------- the peer takes no data ---> stalled --+-- offer --> offered
 *
 * Packets are diverted in live only; those that come while the rings run empty in draining are held
 * and go the ordinary path after that.  closed, broken and stalled hold no memory and no port.  The
 * peer learns of our steps from `side` in our control page and an event, never from XenStore.
 * Before both ends are mapped there may be no event channel between them, so channel_watch() of an
 * end that is mapped looks at the peer's `side`.
 */

#include "channel.h"
#include "control.h"
#include "limits.h"
#include "lower.h"
#include "netlink.h"
#include "peer.h"
#include "queueing.h"
#include "request.h"
#include "trace.h"

#include <linux/random.h>
#include <linux/slab.h>

atomic_t coloop_channels_up = ATOMIC_INIT(0);

/* Those that hold memory. */
#define for_each_queue(ch, queue) \
	for (struct coloop_queue *queue = (ch)->queue; queue < (ch)->queue + (ch)->offered; queue++)

/* Those that both sides use. */
#define for_each_used_queue(ch, queue) \
	for (struct coloop_queue *queue = (ch)->queue; queue < (ch)->queue + (ch)->queues; queue++)

static void channel_set_state(struct coloop_channel *ch, enum coloop_channel_state state,
			      enum coloop_reason reason)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);

	lockdep_assert_held(&peer->lock);
	if (ch->state == state)
		return;
	trace_coloop_state(peer->domid, ch->state, state, reason);
	pr_debug("channel to %u: state %u to %u, reason %u\n", peer->domid, ch->state, state,
		 reason);
	WRITE_ONCE(ch->state, state);
	/* Who sends has looked at the state under its tx_lock: nothing is put in any more. */
	for_each_queue(ch, queue) {
		spin_lock_bh(&queue->tx_lock);
		spin_unlock_bh(&queue->tx_lock);
	}
	ch->reason = reason;
	ch->since = ktime_get_boottime_ns();
	coloop_nl_notify(peer, COLOOP_CMD_CHANNEL_NTF);
}

/*
 * Says it in the first queue's page, and by its event.  The peer may have bound a port that we have
 * not bound ourselves yet; where it has not, Xen drops the event.
 */
static void channel_set_side(struct coloop_channel *ch, enum coloop_side side)
{
	virt_store_release(&ch->queue->own->side, side); /* after all that it announces */
	if (ch->queue->evtchn.port)
		coloop_evtchn_notify(&ch->queue->evtchn);
}

bool coloop_channel_peer_mapped_ours(const struct coloop_channel *ch)
{
	return !(ch->remote_features & COLOOP_FEATURE_OFFER_NUMBER) ||
	       READ_ONCE(ch->queue->rx.peer->mapped) == ch->offer_number;
}

void coloop_channel_fault(struct coloop_channel *ch, enum coloop_reason reason, u32 detail)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);

	if (test_and_set_bit(COLOOP_FAULTED, &ch->flags))
		return;
	ch->fault = reason;
	ch->fault_detail = detail;
	coloop_peer_post(peer, COLOOP_TODO_FAULT);
	/* A faulted channel counts as drained: coloop_channel_is_drained(). */
	wake_up(&ch->drained);
}

static u32 channel_queued_in(struct coloop_queue *queue)
{
	u32 bytes = 0;

	spin_lock_bh(&queue->tx_lock);
	if (queue->tx.peer)
		bytes = queue->tx.prod - READ_ONCE(queue->tx.peer->cons);
	/* The peer's number is shown, not used. */
	bytes = min(bytes, queue->tx.size);
	bytes += queue->backlog[COLOOP_BULK].bytes + queue->backlog[COLOOP_DATAGRAM].bytes;
	spin_unlock_bh(&queue->tx_lock);
	return bytes;
}

u32 coloop_channel_queued(struct coloop_channel *ch)
{
	u32 bytes = 0;

	for_each_used_queue(ch, queue)
		bytes += channel_queued_in(queue);
	return bytes;
}

/* Has the peer taken all that we sent? */
static bool channel_is_taken(struct coloop_channel *ch)
{
	if (coloop_channel_is_faulted(ch))
		return true;
	for_each_used_queue(ch, queue) {
		if (!coloop_send_is_taken(queue))
			return false;
	}
	return true;
}

bool coloop_channel_is_drained(struct coloop_channel *ch)
{
	if (coloop_channel_is_faulted(ch))
		return true;
	if (READ_ONCE(ch->queue->tx.peer->side) != COLOOP_SIDE_CLOSING)
		return false;
	for_each_used_queue(ch, queue) {
		const struct coloop_control *peer = queue->tx.peer;

		if (READ_ONCE(peer->prod) != READ_ONCE(queue->own->cons))
			return false;
	}
	return channel_is_taken(ch);
}

void coloop_channel_look(struct coloop_channel *ch)
{
	if (READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_LIVE)
		coloop_marker_look(ch);
	wake_up(&ch->drained);
}

/*
 * Has the peer taken what waits for it, since the last look?  Ends the watch when nothing waits;
 * under tx_lock, so that a packet sent after that starts a new one.  Without a watch there is no
 * time to go by: what waits is so new that its sender has not come to start one.
 */
static bool channel_is_stalled(struct coloop_queue *queue, bool *waiting)
{
	if (!test_bit(COLOOP_WATCHED, &queue->flags) || !coloop_send_look(queue))
		return false;
	if (queue->tx.cons == queue->tx.prod) {
		clear_bit(COLOOP_WATCHED, &queue->flags);
		return false;
	}
	*waiting = true;
	if (queue->tx.cons != queue->progress_cons)
		queue->progress_at = jiffies;
	queue->progress_cons = queue->tx.cons;
	return time_after(jiffies, queue->progress_at + msecs_to_jiffies(COLOOP_STALL_MS));
}

/* Does anything wait in this queue for the peer to take? */
static bool channel_watch_queue(struct coloop_queue *queue)
{
	struct coloop_channel *ch = queue->channel;
	bool waiting = false, stalled = false;

	/* Ordinarily nothing: the peer's event for room has done it. */
	local_bh_disable();
	coloop_send_backlog(queue);
	local_bh_enable();
	spin_lock_bh(&queue->tx_lock);
	if (ch->state == COLOOP_CHANNEL_STATE_LIVE)
		stalled = channel_is_stalled(queue, &waiting);
	spin_unlock_bh(&queue->tx_lock);
	if (stalled)
		coloop_channel_fault(ch, COLOOP_REASON_STALLED, queue->progress_cons);
	return waiting && !stalled;
}

/* For what no event told: the poll looks at the peer's `side`. */
static void channel_schedule_poll(struct coloop_queue *queue)
{
	local_bh_disable();
	napi_schedule(&queue->napi);
	local_bh_enable();
}

/* Runs while anything waits: data for the peer to take, or an offer for the peer to map. */
static void channel_watch(struct work_struct *work)
{
	struct coloop_channel *ch = container_of(to_delayed_work(work), struct coloop_channel,
						 watchdog);
	bool waiting = false;

	switch (READ_ONCE(ch->state)) {
	case COLOOP_CHANNEL_STATE_LIVE:
		for_each_used_queue(ch, queue)
			waiting |= channel_watch_queue(queue);
		break;
	case COLOOP_CHANNEL_STATE_MAPPED:
		channel_schedule_poll(ch->queue);
		fallthrough;
	case COLOOP_CHANNEL_STATE_OFFERED:
		waiting = time_before(jiffies, ch->deadline);
		if (!waiting)
			coloop_peer_post(coloop_channel_peer(ch), COLOOP_TODO_TIMEOUT);
		break;
	default:
		break;
	}
	if (waiting)
		schedule_delayed_work(&ch->watchdog, msecs_to_jiffies(COLOOP_WATCH_MS));
}

void coloop_channel_watch(struct coloop_queue *queue)
{
	if (test_bit(COLOOP_WATCHED, &queue->flags))
		return;
	queue->progress_at = jiffies;
	if (test_and_set_bit(COLOOP_WATCHED, &queue->flags)) /* after the time it goes by */
		return;
	schedule_delayed_work(&queue->channel->watchdog, msecs_to_jiffies(COLOOP_WATCH_MS));
}

void coloop_channel_init(struct coloop_channel *ch)
{
	unsigned int i;

	for (i = 0; i < COLOOP_QUEUES_MAX; i++)
		coloop_queue_init(&ch->queue[i], ch);
	coloop_blocks_init(&ch->blocks);
	init_waitqueue_head(&ch->drained);
	INIT_DELAYED_WORK(&ch->watchdog, channel_watch);
	coloop_marker_init(ch);
}

static void channel_reset(struct coloop_channel *ch)
{
	coloop_peer_unpost_channel(coloop_channel_peer(ch));
	coloop_marker_reset(ch);
	atomic64_set(&ch->returned, 0);
	ch->flags = 0;
	ch->fault = COLOOP_REASON_NONE;
	ch->detail = 0;
	WRITE_ONCE(ch->queues, 0);
}

/* All that the offer needs, or nothing of it. */
static int channel_reserve(struct coloop_channel *ch, const struct coloop_offer *offer,
			   struct netlink_ext_ack *extack)
{
	unsigned int need = offer->queues * coloop_queue_grants(offer->order);
	unsigned int kept = coloop_pages_deferred(coloop_channel_peer(ch)->domid);

	if (kept + need > COLOOP_PEER_PAGES_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "the peer keeps %u pages of ended channels", kept);
		return -EDQUOT;
	}
	return coloop_grants_reserve(need, extack);
}

/* Everything that can fail, so what is granted is never withdrawn half-made. */
static int channel_prepare(struct coloop_channel *ch, const struct coloop_offer *offer,
			   struct netlink_ext_ack *extack)
{
	domid_t domid = coloop_channel_peer(ch)->domid;
	unsigned int i;
	int ret;

	ret = channel_reserve(ch, offer, extack);
	if (ret)
		return ret;
	for (i = 0; i < offer->queues; i++) {
		ret = coloop_queue_prepare(&ch->queue[i], domid, offer->order, offer->listen,
					   extack);
		if (ret)
			goto err;
	}
	return 0;

err:
	/* Those that were begun give back their part themselves. */
	coloop_grants_unreserve((offer->queues - i - 1) * coloop_queue_grants(offer->order));
	while (i--) {
		coloop_queue_stop(&ch->queue[i]);
		coloop_queue_release(&ch->queue[i]);
	}
	return ret;
}

/* The first page tells of the others. */
static void channel_share(struct coloop_channel *ch)
{
	struct coloop_control *own = ch->queue->own;
	unsigned int i;

	for_each_queue(ch, queue)
		coloop_queue_share(queue, ch->order, coloop_channel_peer(ch)->epoch);
	own->queues = ch->offered;
	own->offer = ch->offer_number;
	for (i = 1; i < ch->offered; i++) {
		own->further[i - 1].control_ref = ch->queue[i].pages->page[0].ref;
		own->further[i - 1].port = ch->queue[i].evtchn.port;
	}
}

int coloop_channel_offer(struct coloop_channel *ch, const struct coloop_offer *offer,
			 struct netlink_ext_ack *extack)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	int ret;

	lockdep_assert_held(&peer->lock);
	if (coloop_channel_is_up(ch)) {
		NL_SET_ERR_MSG_MOD(extack, "the channel is offered already; close it first");
		return -EBUSY;
	}
	ret = coloop_lower_check(peer, extack);
	if (ret)
		return ret;
	channel_reset(ch);
	ret = channel_prepare(ch, offer, extack);
	if (ret)
		return ret;
	ch->order = offer->order;
	ch->listens = offer->listen;
	ch->offered = offer->queues;
	/* Another one than that of any page which the peer may still have mapped. */
	ch->offer_number = get_random_u32() ?: 1;
	channel_share(ch);
	channel_set_side(ch, COLOOP_SIDE_OFFERED);
	atomic_inc(&coloop_channels_up);
	channel_set_state(ch, COLOOP_CHANNEL_STATE_OFFERED, COLOOP_REASON_NONE);
	ch->deadline = jiffies + msecs_to_jiffies(COLOOP_CONNECT_MS);
	schedule_delayed_work(&ch->watchdog, msecs_to_jiffies(COLOOP_WATCH_MS));
	pr_debug("channel to %u created\n", peer->domid);
	return 0;
}

/* Its further queues are read from the first page's copy, never from the page again. */
static int channel_map_peer(struct coloop_channel *ch, grant_ref_t control_ref,
			    struct coloop_geometry *first, struct coloop_geometry *copy,
		    struct netlink_ext_ack *extack)
{
	unsigned int i;
	int ret;

	ret = coloop_queue_map(ch->queue, control_ref, first, extack);
	if (ret)
		return ret;
	ch->remote_features = first->features;
	WRITE_ONCE(ch->queue->own->mapped, first->offer);
	WRITE_ONCE(ch->queues, min(ch->offered, first->queues));
	for (i = 1; i < ch->queues && !ret; i++)
		ret = coloop_queue_map(&ch->queue[i], first->further[i - 1].control_ref, copy,
				       extack);
	return ret;
}

static int channel_connect(struct coloop_channel *ch, evtchn_port_t port,
			   const struct coloop_geometry *first, struct netlink_ext_ack *extack)
{
	unsigned int i;
	int ret;

	ret = coloop_queue_connect(ch->queue, port, extack);
	for (i = 1; i < ch->queues && !ret; i++)
		ret = coloop_queue_connect(&ch->queue[i], first->further[i - 1].port, extack);
	return ret;
}

static int channel_attach(struct coloop_channel *ch, grant_ref_t control_ref, evtchn_port_t port,
			  struct netlink_ext_ack *extack)
{
	struct coloop_geometry *copies = kvcalloc(2, sizeof(*copies), GFP_KERNEL);
	int ret = -ENOMEM;

	if (copies)
		ret = channel_map_peer(ch, control_ref, &copies[0], &copies[1], extack) ?:
		      channel_connect(ch, port, &copies[0], extack);
	kvfree(copies);
	return ret;
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
	ret = coloop_lower_check(peer, extack);
	if (ret)
		return ret;
	ret = channel_attach(ch, control_ref, port, extack);
	if (ret) {
		for_each_queue(ch, queue)
			coloop_queue_detach(queue, ch->listens);
		WRITE_ONCE(ch->queues, 0);
		return ret;
	}
	channel_set_state(ch, COLOOP_CHANNEL_STATE_MAPPED, COLOOP_REASON_NONE);
	channel_set_side(ch, COLOOP_SIDE_MAPPED);
	/* Not before the binds are complete: a poll ends with a word to its interrupt. */
	for_each_used_queue(ch, queue)
		coloop_poll_start(queue);
	return 0;
}

static void channel_hold(struct coloop_channel *ch)
{
	for_each_used_queue(ch, queue)
		coloop_send_hold(queue);
}

/* Held are packets by now, until those that went the ordinary path before them have arrived. */
static void channel_start_diverting(struct coloop_channel *ch)
{
	WRITE_ONCE(ch->diverts_all, !coloop_peer_has_selectors(coloop_channel_peer(ch)));
	WRITE_ONCE(ch->diverting, true);
	coloop_marker_start(ch);
}

void coloop_channel_go_live(struct coloop_channel *ch)
{
	if (ch->state != COLOOP_CHANNEL_STATE_MAPPED)
		return;
	channel_hold(ch);
	channel_set_state(ch, COLOOP_CHANNEL_STATE_LIVE, COLOOP_REASON_NONE);
	channel_start_diverting(ch);
}

/* What the queues hold, and all that comes, goes the ordinary path. */
static void channel_stop_diverting(struct coloop_channel *ch)
{
	for_each_used_queue(ch, queue)
		coloop_send_close(queue);
	WRITE_ONCE(ch->diverting, false);
	WRITE_ONCE(ch->diverts_all, false);
}

void coloop_channel_pause(struct coloop_channel *ch)
{
	lockdep_assert_held(&coloop_channel_peer(ch)->lock);
	if (!coloop_channel_is_live(ch))
		return;
	coloop_marker_stop(ch);
	channel_hold(ch);
	wait_event_timeout(ch->drained, channel_is_taken(ch), msecs_to_jiffies(COLOOP_DRAIN_MS));
	channel_stop_diverting(ch);
}

void coloop_channel_resume(struct coloop_channel *ch)
{
	lockdep_assert_held(&coloop_channel_peer(ch)->lock);
	if (!coloop_channel_is_live(ch))
		return;
	/* Hooks that asked the selectors before have seen no channel, and sent their packets. */
	synchronize_rcu_expedited();
	channel_hold(ch);
	channel_start_diverting(ch);
}

/* R12: mark dead, stop NAPI, unbind, unmap, end grants, free.  The first is the caller's. */
static void channel_tear_down(struct coloop_channel *ch)
{
	/*
	 * Any poll reads the first queue's page, so all of them end before any page goes.  The end
	 * of a NAPI instance waits for RCU, too: a hook that saw this life diverting must not put
	 * its packet into the backlog of the next one, behind those that saw neither.
	 */
	for_each_queue(ch, queue)
		coloop_queue_stop(queue);
	/* Polls and the watchdog may start the marker's work. */
	cancel_delayed_work_sync(&ch->watchdog);
	coloop_marker_stop(ch);
	coloop_foreign_unmap(ch);
	for_each_queue(ch, queue)
		coloop_queue_release(queue);
	coloop_blocks_end(ch);
	coloop_large_end(ch);
	ch->offered = 0;
	atomic_dec(&coloop_channels_up);
	pr_debug("channel to %u destroyed\n", coloop_channel_peer(ch)->domid);
}

void coloop_channel_expire(struct coloop_channel *ch)
{
	if (ch->state == COLOOP_CHANNEL_STATE_OFFERED || ch->state == COLOOP_CHANNEL_STATE_MAPPED)
		coloop_channel_close(ch, COLOOP_REASON_TIMEOUT);
}

/* The first half: nothing more is put in, and the peer is told. */
void coloop_channel_start_closing(struct coloop_channel *ch, enum coloop_reason reason)
{
	lockdep_assert_held(&coloop_channel_peer(ch)->lock);
	if (!coloop_channel_is_up(ch))
		return;
	channel_set_state(ch, COLOOP_CHANNEL_STATE_DRAINING, reason);
	channel_hold(ch);
	channel_set_side(ch, COLOOP_SIDE_CLOSING);
	/*
	 * Pairs with the peer's coloop_channel_attach(), which stores mapped before its poll reads
	 * our side.  Either we see that it has mapped us, or it sees CLOSING before it goes live.
	 */
	virt_mb();
}

static long channel_left(unsigned long deadline)
{
	return max((long)(deadline - jiffies), 0L);
}

/* The second half: waits for the rings to run empty, but not beyond @deadline, and frees all. */
void coloop_channel_finish_closing(struct coloop_channel *ch, unsigned long deadline)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	bool is_met;

	lockdep_assert_held(&peer->lock);
	if (!coloop_channel_is_up(ch))
		return;
	/* Nobody empties the rings for an end that has not mapped them. */
	is_met = ch->queue->evtchn.irq && coloop_channel_peer_mapped_ours(ch);
	/* What goes the ordinary path next must not overtake what is in the rings. */
	if (is_met)
		wait_event_timeout(ch->drained, channel_is_taken(ch), channel_left(deadline));
	channel_stop_diverting(ch);
	if (is_met)
		wait_event_timeout(ch->drained, coloop_channel_is_drained(ch),
				   channel_left(deadline));
	channel_tear_down(ch);
	channel_set_state(ch, COLOOP_CHANNEL_STATE_CLOSED, ch->reason);
	WRITE_ONCE(peer->wanted, 0);
}

void coloop_channel_close(struct coloop_channel *ch, enum coloop_reason reason)
{
	coloop_channel_start_closing(ch, reason);
	coloop_channel_finish_closing(ch, coloop_channel_drain_deadline());
}

void coloop_channel_fail(struct coloop_channel *ch)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	enum coloop_reason reason = ch->fault;

	lockdep_assert_held(&peer->lock);
	if (!coloop_channel_is_up(ch) || !coloop_channel_is_faulted(ch))
		return;
	pr_warn_ratelimited("channel to %s (domain %u) is given up, reason %u, number %u\n",
			    peer->name, peer->domid, reason, ch->fault_detail);
	ch->detail = ch->fault_detail;
	channel_set_state(ch, reason == COLOOP_REASON_STALLED ? COLOOP_CHANNEL_STATE_STALLED :
							COLOOP_CHANNEL_STATE_BROKEN, reason);
	channel_stop_diverting(ch);
	channel_set_side(ch, COLOOP_SIDE_CLOSING);
	channel_tear_down(ch);
	WRITE_ONCE(peer->wanted, 0);
}

/* With the peer: nothing can reach the channel any more. */
void coloop_channel_uninit(struct coloop_channel *ch)
{
	coloop_marker_stop(ch);
	cancel_delayed_work_sync(&ch->watchdog);
}
