// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that changes shared words while the peer reads them, until "calm"; and jumps of the
 * indices.  The ring is laid out like a carpet: records of one size all over it, so that any run of
 * them is well formed and the indices may go anywhere along it.  Without a change of words that is
 * a flood of one frame.
 */

#include "evil.h"

#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/prandom.h>

enum { ANSWER = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct icmphdr) };

/* What the thread needs of a channel; the channel outlives it (flip_stop). */
struct view {
	struct coloop_control *own;
	const struct coloop_control *peer;
	struct coloop_evtchn *evtchn;
	u8 *data;
	u32 size;
	u32 prod;
	u32 record; /* bytes of each record of the carpet */
	struct rnd_state rnd;
	/* What each frame begins with. */
	u8 frame[64];
};

struct flip {
	const char *name;
	/* Bytes of a frame in the carpet; 0: none is laid out. */
	u32 frame;
	/* True: also needs a live channel. */
	bool ring;
	void (*once)(struct view *view);
	/* Makes another frame of one that has only the true addresses. */
	void (*dress)(struct view *view);
};

static struct {
	struct task_struct *task;
	const struct flip *flip;
	struct view view;
	struct coloop_control truth;
	u64 count;
	ktime_t from;
} thread;
static DEFINE_MUTEX(thread_lock); /* guards thread.task */

static bool is_over(const struct view *view)
{
	return READ_ONCE(view->peer->side) == COLOOP_SIDE_CLOSING;
}

static struct view view_of(struct coloop_channel *ch)
{
	const struct ethhdr eth = header_to(ch);
	struct view view = {
		.own = target(ch)->own,
		.peer = target(ch)->rx.peer,
		.evtchn = &target(ch)->evtchn,
		.data = target(ch)->ring,
		.size = COLOOP_PAGE_SIZE << ch->order,
		.prod = target(ch)->tx.prod,
	};

	memcpy(view.frame, &eth, sizeof(eth));
	prandom_seed_state(&view.rnd, 0xc01009);
	return view;
}

static u8 *slot(const struct view *view, u32 index)
{
	return view->data + (index & (view->size - 1));
}

static u32 free_room(const struct view *view)
{
	return view->size - (view->prod - READ_ONCE(view->peer->cons));
}

/* Until the peer has taken all that it was told of, or @jiffies have passed. */
static bool is_taken(const struct view *view, long patience)
{
	while (free_room(view) < view->size && patience-- > 0 && !is_over(view)) {
		coloop_evtchn_notify(view->evtchn);
		schedule_timeout_uninterruptible(1);
	}
	return free_room(view) == view->size;
}

static bool lay_out(struct view *view, u32 frame)
{
	const struct coloop_record record = { .len = frame };
	u32 at;

	view->record = coloop_record_size(frame);
	if (!is_taken(view, 5 * HZ))
		return false;
	for (at = 0; at < view->size; at += view->record) {
		u8 *to = slot(view, view->prod + at);

		memset(to, 0, view->record);
		memcpy(to, &record, sizeof(record));
		memcpy(to + sizeof(record), view->frame, min_t(u32, frame, sizeof(view->frame)));
	}
	return true;
}

static void publish(struct view *view, u32 bytes)
{
	view->prod += bytes;
	virt_store_release(&view->own->prod, view->prod); /* as P4 */
	coloop_evtchn_notify(view->evtchn);
}

static u8 *some_slot(struct view *view)
{
	u32 slots = view->size / view->record;

	return slot(view, view->prod + view->record * (prandom_u32_state(&view->rnd) % slots));
}

/* Keeps the ring half full of carpet. */
static void keep_going(struct view *view)
{
	if (free_room(view) >= view->size / 2)
		publish(view, free_room(view) / view->record * view->record);
}

/* Only values that are good by themselves, so the peer must go on whichever it sees. */
static void flip_header(struct view *view)
{
	static const u8 types[] = { 0, COLOOP_GSO_TCPV4, COLOOP_GSO_UDP, COLOOP_GSO_UDP_L4 };
	struct coloop_record *record = (struct coloop_record *)some_slot(view);
	u32 random = prandom_u32_state(&view->rnd);
	struct coloop_record other = { .gso_type = types[random % 4] };
	u64 word;

	other.gso_size = other.gso_type ? 1 + (random >> 8) % 65535 : 0;
	other.hdr_len = (random >> 24) % 15;
	other.flags = random & 0x80 ? COLOOP_DATA_VALID : 0;
	memcpy(&word, (u8 *)&other + 8, sizeof(word));
	WRITE_ONCE(record->len, 33 + (random >> 4) % 16);
	WRITE_ONCE(((u64 *)record)[1], word);
	keep_going(view);
}

/* Short to whoever looks first, long to whoever looks again. */
static void flip_length(struct view *view)
{
	struct coloop_record *record = (struct coloop_record *)some_slot(view);

	WRITE_ONCE(record->len, prandom_u32_state(&view->rnd) % 2 ? 16 : 65000);
	keep_going(view);
}

/* Good while it is checked, from another guest when it is used. */
static void flip_payload(struct view *view)
{
	u8 *frame = some_slot(view) + sizeof(struct coloop_record);
	u32 random = prandom_u32_state(&view->rnd);
	u8 truth = view->frame[2 * ETH_ALEN - 1];

	WRITE_ONCE(frame[2 * ETH_ALEN - 1], random & 1 ? truth : 3);
	/* And anything in the packet. */
	WRITE_ONCE(frame[ETH_HLEN + (random >> 8) % 34], random >> 24);
	keep_going(view);
}

static void flip_control(struct view *view)
{
	forge_some(view->own, &thread.truth, &view->rnd);
}

static void flip_events(struct view *view)
{
	coloop_evtchn_notify(view->evtchn);
}

static void as_guest_c(struct view *view)
{
	view->frame[2 * ETH_ALEN - 1] = 3;
}

/* An answer to a ping that nobody sent: a good packet, of which nothing comes back. */
static void as_answer(struct view *view)
{
	struct iphdr *ip = (struct iphdr *)(view->frame + ETH_HLEN);
	struct icmphdr *icmp = (struct icmphdr *)(ip + 1);

	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP,
		.tot_len = htons(ANSWER - ETH_HLEN),
		.saddr = htonl(0x0a000002), .daddr = htonl(0x0a000001),
	};
	ip->check = ip_fast_csum(ip, ip->ihl);
	*icmp = (struct icmphdr){ .type = ICMP_ECHOREPLY, .checksum = csum_fold(0) };
}

static const struct flip flips[] = {
	{ "control", 0, false, flip_control },
	{ "headers", 48, true, flip_header, as_answer },
	{ "lengths", 16, true, flip_length },
	{ "payload", 48, true, flip_payload },
	{ "events", 0, true, flip_events },
	{ "source", ETH_HLEN, true, keep_going, as_guest_c },
	{ "answers", ANSWER, true, keep_going, as_answer },
};

static int run(void *data)
{
	while (!kthread_should_stop()) {
		thread.flip->once(&thread.view);
		if (++thread.count % 64 == 0)
			cond_resched();
	}
	return 0;
}

static const struct flip *find_flip(const char *kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flips); i++) {
		if (!strcmp(flips[i].name, kind))
			return &flips[i];
	}
	return NULL;
}

int flip_start(struct coloop_channel *ch, const char *kind, char *said, size_t room)
{
	const struct flip *flip = find_flip(kind);
	struct task_struct *task;

	if (!flip || (flip->ring && !coloop_channel_is_live(ch)))
		return -EINVAL;
	if (thread.task)
		return -EBUSY;
	thread.flip = flip;
	thread.count = 0;
	thread.view = view_of(ch);
	thread.truth = *target(ch)->own;
	/* Who attaches need not wait for us. */
	thread.truth.side = COLOOP_SIDE_CLOSING;
	if (flip->frame) {
		fall_silent(ch);
		thread.view = view_of(ch);
		if (flip->dress)
			flip->dress(&thread.view);
		if (!lay_out(&thread.view, flip->frame))
			return -ETIMEDOUT;
	}
	task = kthread_run(run, NULL, "evil-%s", kind);
	if (IS_ERR(task))
		return PTR_ERR(task);
	thread.from = ktime_get();
	thread.task = task;
	scnprintf(said, room, "flips %s", kind);
	return 0;
}

int flip_stop(char *said, size_t room)
{
	u64 ms;

	mutex_lock(&thread_lock);
	if (thread.task) {
		kthread_stop(thread.task);
		if (thread.flip->once == flip_control) {
			memcpy(thread.view.own, &thread.truth, sizeof(thread.truth));
			thread.view.own->side = COLOOP_SIDE_OFFERED;
		}
		thread.task = NULL;
	}
	mutex_unlock(&thread_lock);
	ms = ktime_ms_delta(ktime_get(), thread.from) ?: 1;
	if (said)
		scnprintf(said, room, "%llu times, %llu/s", thread.count,
			  div64_u64(thread.count * 1000, ms));
	return 0;
}

/* Anywhere that is allowed: along the carpet, up to what the peer has published, any threshold. */
static void jump_once(struct view *view, u32 *cons)
{
	u32 random = prandom_u32_state(&view->rnd);
	u32 records = free_room(view) / view->record;
	u32 theirs = READ_ONCE(view->peer->prod);

	records = min(records, random % 500 ? 1 + (random >> 16) % 8 : records);
	*cons += prandom_u32_state(&view->rnd) % (theirs - *cons + 1);
	virt_store_release(&view->own->cons, *cons); /* as C4 */
	WRITE_ONCE(view->own->cons_event, prandom_u32_state(&view->rnd));
	WRITE_ONCE(view->own->prod_event, prandom_u32_state(&view->rnd));
	publish(view, records * view->record);
}

int jump(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct view view;
	u32 cons, from;
	long i;

	fall_silent(ch);
	cons = target(ch)->rx.cons;
	view = view_of(ch);
	as_answer(&view);
	if (!lay_out(&view, ANSWER))
		return -ETIMEDOUT;
	from = view.prod;
	for (i = 0; i < number && !is_over(&view); i++) {
		if (free_room(&view) < view.record && !is_taken(&view, 5 * HZ))
			break;
		jump_once(&view, &cons);
		if (i % 64 == 63)
			cond_resched();
	}
	target(ch)->tx.prod = view.prod;
	scnprintf(said, room, "%ld jumps, %u records, %s", i, (view.prod - from) / view.record,
		  is_taken(&view, 10 * HZ) ? "all taken" : "not all taken");
	return 0;
}
