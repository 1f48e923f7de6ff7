// SPDX-License-Identifier: GPL-2.0

#include "limits.h"
#include "peer.h"
#include "queueing.h"

#include <linux/rtnetlink.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/tick.h>

static struct workqueue_struct *poll_wq;

irqreturn_t coloop_poll_event(int irq, void *data)
{
	struct coloop_queue *queue = data;

	WRITE_ONCE(queue->events_received, queue->events_received + 1);
	coloop_evtchn_ack(&queue->evtchn);
	napi_schedule(&queue->napi);
	return IRQ_HANDLED;
}

static void poll_publish(struct coloop_queue *queue)
{
	if (coloop_rx_publish(&queue->rx))
		coloop_evtchn_notify(&queue->evtchn);
}

/* Returns how many records were taken; below @budget the ring is empty or the channel faulted. */
static int poll_records(struct coloop_queue *queue, int budget)
{
	struct coloop_record record;
	u32 referred = 0;
	int done = 0;
	int ret = 0;
	u32 detail;

	while (done < budget) {
		ret = coloop_rx_next(&queue->rx, &record, &detail);
		if (ret <= 0)
			break;
		coloop_receive(queue, &record);
		coloop_rx_skip(&queue->rx, coloop_record_body(&record));
		referred += record.parts ? record.len : 0;
		if (queue->rx.cons - queue->rx.published >= COLOOP_PUBLISH_BYTES ||
		    referred >= COLOOP_PUBLISH_FRAG_BYTES) {
			poll_publish(queue);
			referred = 0;
		}
		done++;
	}
	poll_publish(queue);
	if (unlikely(ret < 0))
		coloop_channel_fault(queue->channel, ret == -EPROTO ? COLOOP_REASON_BAD_INDEX :
				     COLOOP_REASON_BAD_RECORD, detail);
	return done;
}

/* The peer's side of the handshake; it is in the first queue's control page. */
static u32 poll_side(const struct coloop_channel *ch)
{
	return virt_load_acquire(&ch->queue->rx.peer->side); /* before what it announces */
}

static void poll_follow_side(struct coloop_channel *ch)
{
	struct coloop_peer *peer = coloop_channel_peer(ch);
	u32 side = poll_side(ch);

	if (unlikely(coloop_foreign_is_due(ch)))
		coloop_peer_post(peer, COLOOP_TODO_MAP);
	switch (side) {
	case COLOOP_SIDE_OFFERED:
		break;
	case COLOOP_SIDE_MAPPED:
		if (READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_MAPPED &&
		    coloop_channel_peer_mapped_ours(ch))
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
 * The budget is used up and more records wait.  A peer that fills its ring as fast as it is emptied
 * would keep this CPU in softirq; after COLOOP_FULL_POLLS polls a kernel thread goes on, which the
 * scheduler weighs against programs.  No event is asked for meanwhile, and one that came gets its
 * EOI later.  The work is queued before napi_complete_done(), which napi_disable() waits for.  A
 * socket that busy polls calls the poll again by itself.
 */
static int poll_continue(struct coloop_queue *queue, int budget)
{
	if (++queue->full_polls < COLOOP_FULL_POLLS)
		return budget;
	if (!test_bit(NAPI_STATE_IN_BUSY_POLL, &queue->napi.state))
		queue_work(poll_wq, &queue->thread);
	napi_complete_done(&queue->napi, budget - 1);
	return budget - 1;
}

/*
 * Nothing else may have a use for this CPU.  What comes between this look and the wait, and is no
 * interrupt of its own, waits for the CPU's next tick at most; where there may be none, no wait is.
 */
static bool poll_is_cpu_idle(void)
{
	return single_task_running() && !need_resched() && !signal_pending(current) &&
	       !local_softirq_pending() && !tick_nohz_full_cpu(smp_processor_id());
}

/*
 * A socket that polls busily calls again and again, with preemption and softirqs off, until it has
 * something or its time is over.  Instead of spinning this CPU blocks in Xen, once a call, as if it
 * were idle; but nobody has to be put to sleep and woken.  Not in the first call, as a read that
 * must not block makes one, and not in that by which busy_poll_stop() ends.
 */
static bool poll_wait(struct coloop_queue *queue)
{
	bool waits = false;

	if (likely(!queue->may_wait))
		return false;
	queue->may_wait = false;
	if (!test_bit(NAPI_STATE_IN_BUSY_POLL, &queue->napi.state) ||
	    !coloop_channel_is_live(queue->channel) || !poll_is_cpu_idle())
		return false;
	coloop_evtchn_mask(&queue->evtchn);
	/* An event that was an interrupt yet is over; one for a later record is none. */
	if (coloop_rx_is_empty(&queue->rx)) {
		coloop_evtchn_wait(&queue->evtchn);
		waits = true;
	}
	coloop_evtchn_unmask(&queue->evtchn);
	return waits;
}

static void poll_count_wait(struct coloop_rx_stats *stats, bool is_paid)
{
	stats->waits++;
	stats->waits_paid += is_paid;
}

static int poll_napi(struct napi_struct *napi, int budget)
{
	struct coloop_queue *queue = container_of(napi, struct coloop_queue, napi);
	struct coloop_channel *ch = queue->channel;
	bool waited = poll_wait(queue);
	int done = 0;

	if (likely(!coloop_channel_is_faulted(ch))) {
		bool sent = coloop_send_backlog(queue);

		done = poll_records(queue, budget);
		if (unlikely(waited))
			poll_count_wait(&queue->rx_stats, done);
		if (sent || done)
			coloop_evtchn_not_spurious(&queue->evtchn);
		/* A peer that sends at once and without end must still be seen to have come. */
		if (done < budget || READ_ONCE(ch->state) == COLOOP_CHANNEL_STATE_MAPPED)
			poll_follow_side(ch);
		if (done == budget)
			return poll_continue(queue, budget);
	}
	if (!coloop_channel_is_faulted(ch) && coloop_rx_arm(&queue->rx))
		return poll_continue(queue, budget);
	queue->full_polls = 0;
	queue->may_wait = !done && test_bit(NAPI_STATE_IN_BUSY_POLL, &napi->state);
	if (napi_complete_done(napi, done))
		coloop_evtchn_eoi(&queue->evtchn);
	return done;
}

/* As napi_threaded_poll(): the time is accounted to this thread, not to softirq. */
static void poll_in_thread(struct work_struct *work)
{
	struct coloop_queue *queue = container_of(work, struct coloop_queue, thread);

	local_bh_disable();
	if (napi_schedule_prep(&queue->napi) &&
	    poll_napi(&queue->napi, NAPI_POLL_WEIGHT) == NAPI_POLL_WEIGHT)
		__napi_schedule(&queue->napi);
	local_bh_enable();
}

void coloop_poll_init(struct coloop_queue *queue)
{
	queue->full_polls = 0;
	queue->may_wait = false;
	INIT_WORK(&queue->thread, poll_in_thread);
	/* Channels share the device, and its list of polls has no other lock until 6.14. */
	rtnl_lock();
	netif_napi_add(coloop_dev, &queue->napi, poll_napi);
	rtnl_unlock();
}

void coloop_poll_uninit(struct coloop_queue *queue)
{
	rtnl_lock();
	netif_napi_del(&queue->napi);
	rtnl_unlock();
}

void coloop_poll_start(struct coloop_queue *queue)
{
	napi_enable(&queue->napi);
	/* An event before this found the poll disabled; the peer may have said its part. */
	local_bh_disable();
	napi_schedule(&queue->napi);
	local_bh_enable();
}

void coloop_poll_stop(struct coloop_queue *queue)
{
	napi_disable(&queue->napi);
	cancel_work_sync(&queue->thread);
}

int coloop_poll_module_init(void)
{
	/* Bound to the CPU where the event arrived, and the next one will. */
	poll_wq = alloc_workqueue("coloop_rx", WQ_CPU_INTENSIVE | WQ_MEM_RECLAIM |
				  COLOOP_COMPAT_WQ_PERCPU, 0);
	return poll_wq ? 0 : -ENOMEM;
}

void coloop_poll_module_uninit(void)
{
	destroy_workqueue(poll_wq);
}
