// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/ring.c on two processors that x86 allows but that no machine is as often as one would like:
 * stores of control words stay in a buffer and reach memory late, in order.  Both ends and both
 * buffers take turns by dice, at every access to a control word, repeatably.  An end that misses
 * one of the full barriers sleeps for ever here within seconds.
 *
 * Bytes of records are not buffered: they may always be seen early.  That an index is never seen
 * before them is what ThreadSanitizer watches in threads.c.
 */

#include <stddef.h>
#include <stdint.h>

static uint64_t cpu_load(const void *address, size_t size);
static void cpu_store(uint32_t *address, uint32_t value);
static void cpu_fence(void);

#define READ_ONCE(x) ((__typeof__(x))cpu_load(&(x), sizeof(x)))
#define WRITE_ONCE(x, value) cpu_store(&(x), value)
#define virt_load_acquire(address) READ_ONCE(*(address))
#define virt_store_release(address, value) cpu_store(address, value)
#define virt_mb() cpu_fence()

/* mutants.sh puts a broken copy in its place. */
#ifndef RING_C
#define RING_C "../../kmod/ring.c"
#endif
#include RING_C

#include <ucontext.h>

#include "expect.h"
#include "pair.h"
#include "random.h"

enum { STORES = 8, STACK = 64 << 10, RUNS = 100, RECORDS = 1000 };

struct cpu {
	ucontext_t context;
	struct { u32 *address; u32 value; } store[STORES];
	u32 first, count;
	bool event, sleeping, done;
	_Alignas(16) u8 stack[STACK];
};

static struct pair pair;
static struct cpu producer, consumer;
static struct cpu *running;
static ucontext_t scheduler;
static u64 seed;

/* Anything may happen between what was and what comes. */
static void turn(void)
{
	swapcontext(&running->context, &scheduler);
}

static void drain_one(struct cpu *cpu)
{
	*cpu->store[cpu->first % STORES].address = cpu->store[cpu->first % STORES].value;
	cpu->first++;
	cpu->count--;
}

static u64 cpu_load(const void *address, size_t size)
{
	u64 value = 0;

	turn();
	memcpy(&value, address, size);
	return value;
}

static void cpu_store(u32 *address, u32 value)
{
	struct cpu *cpu = running;

	turn();
	if (cpu->count == STORES)
		drain_one(cpu);
	cpu->store[(cpu->first + cpu->count) % STORES].address = address;
	cpu->store[(cpu->first + cpu->count) % STORES].value = value;
	cpu->count++;
}

static void cpu_fence(void)
{
	while (running->count)
		drain_one(running);
	turn();
}

/* A hypercall drains the buffer, too. */
static void event_send(struct cpu *to)
{
	cpu_fence();
	to->event = true;
}

static void event_wait(void)
{
	struct cpu *cpu = running;

	while (!cpu->event) {
		cpu->sleeping = true;
		turn();
		cpu->sleeping = false;
	}
	cpu->event = false;
}

static void notify_consumer(void)
{
	if (coloop_tx_must_notify(&pair.tx))
		event_send(&consumer);
}

static void wait_for_room(u32 len)
{
	struct coloop_tx *tx = &pair.tx;
	u32 lie;

	notify_consumer();
	for (;;) {
		coloop_tx_arm(tx, tx->prod + coloop_record_size(len) - tx->size);
		if (!expect(coloop_tx_look(tx, &lie)) || coloop_tx_fits(tx, len))
			return;
		event_wait();
		if (!expect(coloop_tx_look(tx, &lie)) || coloop_tx_fits(tx, len))
			return;
	}
}

static void produce(void)
{
	static u8 frame[COLOOP_PAGE_SIZE];
	u32 lie;

	for (u32 n = 0; n < RECORDS; n++) {
		struct coloop_record record = {.len = 14 + random_below(&seed, 2000)};

		if (!coloop_tx_fits(&pair.tx, record.len))
			expect(coloop_tx_look(&pair.tx, &lie));
		if (!coloop_tx_fits(&pair.tx, record.len))
			wait_for_room(record.len);
		memcpy(frame, &n, sizeof(n));
		pair_put(&pair, &record, frame);
		if (random_below(&seed, 2))
			notify_consumer();
	}
	notify_consumer();
	cpu_fence();
	producer.done = true;
	turn();
}

static void publish(void)
{
	if (coloop_rx_publish(&pair.rx))
		event_send(&producer);
}

static void consume(void)
{
	struct coloop_record record;
	u32 lie;

	for (u32 n = 0; n < RECORDS;) {
		int got = coloop_rx_next(&pair.rx, &record, &lie);
		u32 number;

		if (!expect(got >= 0))
			break;
		if (got) {
			coloop_rx_copy(&pair.rx, &number, 0, sizeof(number));
			coloop_rx_skip(&pair.rx, record.len);
			expect(number == n++);
			if (random_below(&seed, 2))
				publish();
			continue;
		}
		publish();
		if (!coloop_rx_arm(&pair.rx))
			event_wait();
	}
	publish();
	consumer.done = true;
	turn();
}

static void start(struct cpu *cpu, void (*program)(void))
{
	cpu->first = cpu->count = 0;
	cpu->event = cpu->sleeping = cpu->done = false;
	getcontext(&cpu->context);
	cpu->context.uc_stack.ss_sp = cpu->stack;
	cpu->context.uc_stack.ss_size = STACK;
	makecontext(&cpu->context, program, 0);
}

static bool can_run(const struct cpu *cpu)
{
	return !cpu->done && (!cpu->sleeping || cpu->event);
}

/* Buffers move seldom, so that what one end stored stays unseen for long. */
static void roll(struct cpu *cpu)
{
	if (cpu->count && (!random_below(&seed, 16) || !can_run(cpu)))
		drain_one(cpu);
	if (!can_run(cpu))
		return;
	running = cpu;
	swapcontext(&scheduler, &cpu->context);
}

static void test_store_buffers(void)
{
	for (u32 run = 0; run < RUNS; run++) {
		seed = run;
		pair_reset(&pair, -4096 * (run & 15));
		start(&producer, produce);
		start(&consumer, consume);
		while (!producer.done || !consumer.done) {
			if (!can_run(&producer) && !can_run(&consumer) &&
			    !producer.count && !consumer.count) {
				expect(!"both ends sleep for ever");
				return;
			}
			roll(random_below(&seed, 2) ? &producer : &consumer);
		}
	}
}

int main(void)
{
	static const struct test tests[] = {{"store buffers, 100 runs by dice", test_store_buffers}};

	pair_open(&pair, 0, 0);
	return run_tests(tests, 1);
}
