// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends in threads of their own, as two domains run them: each sleeps when it has nothing to
 * do, after asking for an event, and is woken only by the other's decision to notify.  Every
 * record carries its number and a checksum over header and bytes.
 *
 *     threads [records [seed]]      records of all loads together
 */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "pair.h"
#include "random.h"

enum { LOST_AFTER_SECONDS = 5 };

/* An event channel: one bit that is set by the sender and taken by the receiver. */
struct event {
	u32 pending;
	u64 sent, slept;
};

static void event_send(struct event *event)
{
	event->sent++;
	if (!__atomic_exchange_n(&event->pending, 1, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &event->pending, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* False: no event came. */
static bool event_wait(struct event *event)
{
	struct timespec limit = {.tv_sec = LOST_AFTER_SECONDS};

	event->slept++;
	while (!__atomic_exchange_n(&event->pending, 0, __ATOMIC_SEQ_CST)) {
		if (syscall(SYS_futex, &event->pending, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0) &&
		    errno == ETIMEDOUT)
			return __atomic_exchange_n(&event->pending, 0, __ATOMIC_SEQ_CST);
	}
	return true;
}

/* What differs from run to run. */
struct load {
	const char *name;
	u32 start;
	u32 longest;		/* of a frame, most of the time */
	u32 burst;		/* records between two decisions to notify, at most */
	u32 publish;		/* records between two publications of cons, at most */
	u32 slow_producer;	/* rounds of idling after a record, at most */
	u32 slow_consumer;
};

struct run {
	const struct load *load;
	struct pair pair;
	u64 records, seed;
	u64 bytes;
	struct event data, room;	/* towards the consumer; towards the producer */
};

/* Put in front of every frame's bytes. */
struct stamp {
	u32 number;
	u32 unused;
	u64 sum;
};

enum { FRAME_MIN = sizeof(struct stamp) };

static u8 pool[2 * COLOOP_FRAME_MAX];

static u64 sum_of(u64 number, const struct coloop_record *record, const u8 *bytes)
{
	u64 words[2], sum = number, tail = 0;
	u32 i, len = record->len - FRAME_MIN;

	memcpy(words, record, sizeof(words));
	sum = (sum ^ words[0]) * 0x9e3779b97f4a7c15;
	sum = (sum ^ words[1]) * 0x9e3779b97f4a7c15;
	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(words, bytes + i, 8);
		sum = (sum ^ words[0]) * 0x9e3779b97f4a7c15;
		sum ^= sum >> 29;
	}
	memcpy(&tail, bytes + i, len - i);
	return (sum ^ tail) * 0x9e3779b97f4a7c15;
}

static struct coloop_record random_record(const struct load *load, u64 *seed)
{
	u32 longest = random_below(seed, 5000) ? load->longest : COLOOP_FRAME_MAX;
	struct coloop_record r = {
		.len = FRAME_MIN + random_below(seed, longest - FRAME_MIN + 1),
		.gso_type = COLOOP_GSO_TCPV4,
		.gso_size = 1 + random_below(seed, 65535),
	};

	return r;
}

/* Lets the other end run empty or full, so that it sleeps often and races with our next index. */
static void idle(u32 longest, u64 *seed)
{
	for (u32 rounds = longest ? random_below(seed, longest) : 0; rounds; rounds--)
		__asm__ volatile("" ::: "memory");
}

/* Sleeps until @len fits.  A mark may be early on purpose: then the producer asks again. */
static bool wait_for_room(struct run *run, u32 len, u64 *seed)
{
	struct coloop_tx *tx = &run->pair.tx;
	u32 lie;

	if (coloop_tx_must_notify(tx))
		event_send(&run->data);
	for (;;) {
		u32 enough = tx->prod + coloop_record_size(len) - tx->size;
		u32 mark = enough - random_below(seed, enough - tx->cons);

		coloop_tx_arm(tx, mark);
		if (!expect(coloop_tx_look(tx, &lie)))			/* P9 */
			return false;
		if (coloop_tx_fits(tx, len))
			return true;
		if ((s32)(tx->cons - mark) >= 0)
			continue;
		if (!expect(event_wait(&run->room)))
			return false;
		if (!expect(coloop_tx_look(tx, &lie)))
			return false;
		if (coloop_tx_fits(tx, len))
			return true;
	}
}

static void put(struct run *run, u32 number, const struct coloop_record *record, u64 *seed)
{
	const u8 *bytes = pool + random_below(seed, COLOOP_FRAME_MAX);
	struct stamp stamp = {.number = number, .sum = sum_of(number, record, bytes)};
	u8 *to = coloop_tx_begin(&run->pair.tx, record);

	memcpy(to, &stamp, sizeof(stamp));
	memcpy(to + sizeof(stamp), bytes, record->len - sizeof(stamp));
	coloop_tx_commit(&run->pair.tx, record->len);
}

/* On one CPU the ends would take turns and never race. */
static void stay_on(u32 cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *producer(void *argument)
{
	struct run *run = argument;
	struct coloop_tx *tx = &run->pair.tx;
	u64 seed = run->seed * 2 + 1;
	u32 lie, burst = 1;

	stay_on(1);
	for (u64 n = 0; n < run->records; n++) {
		struct coloop_record record = random_record(run->load, &seed);

		idle(run->load->slow_producer, &seed);
		if (!coloop_tx_fits(tx, record.len)) {
			if (!expect(coloop_tx_look(tx, &lie)) ||
			    (!coloop_tx_fits(tx, record.len) &&
			     !wait_for_room(run, record.len, &seed)))
				return NULL;
		}
		put(run, n, &record, &seed);
		run->bytes += record.len;
		if (!--burst) {
			burst = 1 + random_below(&seed, run->load->burst);
			if (coloop_tx_must_notify(tx))
				event_send(&run->data);
		}
	}
	if (coloop_tx_must_notify(tx))
		event_send(&run->data);
	return NULL;
}

static void publish(struct run *run)
{
	if (coloop_rx_publish(&run->pair.rx))
		event_send(&run->room);
}

/* Copies the next record out in two parts, as a receiver does, and checks it. */
static bool take(struct run *run, u64 number, const struct coloop_record *record, u64 *seed)
{
	static u8 frame[COLOOP_FRAME_MAX];
	u32 head = random_below(seed, record->len + 1);
	struct stamp stamp;

	coloop_rx_copy(&run->pair.rx, frame, 0, head);
	coloop_rx_copy(&run->pair.rx, frame + head, head, record->len - head);
	coloop_rx_skip(&run->pair.rx, record->len);
	memcpy(&stamp, frame, sizeof(stamp));
	return expect(record->len >= FRAME_MIN) && expect(stamp.number == (u32)number) &&
	       expect(stamp.sum == sum_of(number, record, frame + FRAME_MIN));
}

static void consume(struct run *run)
{
	u64 seed = run->seed * 2;
	u32 lie, until_publish = 1;

	stay_on(0);
	for (u64 n = 0; n < run->records;) {
		struct coloop_record record;
		int got = coloop_rx_next(&run->pair.rx, &record, &lie);

		if (!expect(got >= 0))
			return;
		if (got) {
			if (!take(run, n++, &record, &seed))
				return;
			idle(run->load->slow_consumer, &seed);
			if (!--until_publish) {
				until_publish = 1 + random_below(&seed, run->load->publish);
				publish(run);
			}
			continue;
		}
		publish(run);
		if (!coloop_rx_arm(&run->pair.rx) && !expect(event_wait(&run->data)))
			return;
	}
	publish(run);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

enum { LOADS = 5 };

static u64 records = 1000000 / LOADS, seed = 1;

static void run_load(const struct load *load)
{
	struct run run = {.load = load, .records = records, .seed = seed};
	double begun = seconds();
	pthread_t thread;

	pair_open(&run.pair, 5, load->start);
	if (!expect(!pthread_create(&thread, NULL, producer, &run)))
		return;
	consume(&run);
	pthread_join(thread, NULL);
	expect(run.pair.tx.prod == run.pair.rx.cons);
	pair_close(&run.pair);
	printf("     %s: %llu records, %llu MB, %.1f s; events: data %llu, room %llu; "
	       "sleeps: consumer %llu, producer %llu\n", load->name,
	       (unsigned long long)records, (unsigned long long)run.bytes >> 20,
	       seconds() - begun, (unsigned long long)run.data.sent,
	       (unsigned long long)run.room.sent, (unsigned long long)run.data.slept,
	       (unsigned long long)run.room.slept);
}

static void test_single(void)
{
	run_load(&(struct load){"one at a time", -4096, 200, 1, 1, 0, 0});
}

static void test_bursts(void)
{
	run_load(&(struct load){"bursts", 0x80000000 - 65536, 1500, 64, 64, 0, 0});
}

static void test_slow_room(void)
{
	run_load(&(struct load){"room rarely told", 0, 200, 8, 4096, 0, 0});
}

static void test_empty(void)
{
	run_load(&(struct load){"slow producer", 0, 64, 1, 1, 1000, 0});
}

static void test_full(void)
{
	run_load(&(struct load){"slow consumer", 0, 64, 1, 1, 0, 1000});
}

int main(int count, char **arguments)
{
	static const struct test tests[LOADS] = {
		{"two threads, an event for every record", test_single},
		{"two threads, bursts", test_bursts},
		{"two threads, room rarely told", test_slow_room},
		{"two threads, empty ring", test_empty},
		{"two threads, full ring", test_full},
	};
	u64 state = 3;

	if (count > 1)
		records = strtoull(arguments[1], NULL, 10) / LOADS;
	if (count > 2)
		seed = strtoull(arguments[2], NULL, 10);
	for (u32 i = 0; i < sizeof(pool); i++)
		pool[i] = random_next(&state);
	return run_tests(tests, LOADS);
}
