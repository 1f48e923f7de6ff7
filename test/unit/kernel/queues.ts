// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseQueue, readFilters, readQueues} from '../../../userland/kernel/queues.ts';
import {attribute, message, nest, u32} from './_attributes.ts';

/** RTM_NEWQDISC with struct tcmsg. */
const queue = (kind: string, options: readonly Uint8Array[] = [], parent = 0xffff_ffff) =>
	parseQueue(
		message(36, u32(0, 7, 0x8001_0000, parent, 2), attribute(1, kind), nest(2, ...options)),
	);

test('a queue with its handle, as a root or below one', t => {
	const plain = {
		...{ifindex: 7, kind: 'fq_codel', handle: 0x8001_0000, hasRate: false, effect: undefined},
		limits: [],
	};

	t.deepEqual(queue('fq_codel'), {...plain, isRoot: true});
	t.deepEqual(queue('fq_codel', [], 1), {...plain, isRoot: false});
});

// The four disciplines of public reports: fq with and without maxrate, cake with and without bandwidth.
test('fq holds packets back with maxrate only', t => {
	const maxRate = (rate: number) => [attribute(1, u32(10_000)), attribute(7, u32(rate))];

	t.true(queue('fq', maxRate(2_500_000)).hasRate);
	t.false(queue('fq', maxRate(0xffff_ffff)).hasRate);
	t.false(queue('fq').hasRate);
});

test('cake holds packets back unless it says that nothing limits it', t => {
	const rate = (low: number) => attribute(2, u32(low, 0));

	t.true(queue('cake', [rate(12_500_000)]).hasRate);
	t.true(queue('cake', [rate(0), attribute(9, u32(1))]).hasRate);
	t.true(queue('cake').hasRate);
	t.false(queue('cake', [rate(0), attribute(9, u32(0))]).hasRate);
});

test('fq_pie and all others have no rate among their options', t => {
	t.false(queue('fq_pie', [attribute(1, u32(10_240)), attribute(7, u32(5))]).hasRate);
});

test('what a discipline does to packets beside holding and dropping them', t => {
	const number = (id: number, value: number) => attribute(id, u32(value));
	const unlimited = attribute(2, u32(0, 0));
	const sfq = (...red: readonly number[]) =>
		queue('sfq', [u32(1514, 0, 127, 1024, 128, 127, 0, 0, ...red)]).effect;
	const withSizes = message(
		36,
		u32(0, 7, 0x8001_0000, 0xffff_ffff, 2),
		attribute(1, 'fq_codel'),
		attribute(8, u32(0)),
	);

	t.is(queue('cake', [unlimited, number(13, 0), number(16, 0)]).effect, undefined);
	t.is(queue('cake', [unlimited, number(13, 1)]).effect, 'wash');
	t.is(queue('cake', [unlimited, number(16, 2)]).effect, 'ack-filter');
	t.is(queue('cake', [unlimited, number(11, 1), number(15, 1), number(18, 3)]).effect, undefined);
	t.is(sfq(0, 0), undefined);
	t.is(sfq(3000, 9000), 'redflowlimit');
	t.is(queue('sfq', [u32(1514, 0, 127, 1024, 128)]).effect, undefined);
	t.is(queue('fq_codel', [number(13, 1)]).effect, undefined);
	t.is(parseQueue(withSizes).effect, 'stab');
});

test('how long a packet may wait before it is dropped or marked', t => {
	const number = (id: number, value: number) => attribute(id, u32(value));
	const times = (kind: string, ...options: readonly Uint8Array[]) =>
		queue(kind, options)
			.limits.filter(({unit}) => unit === 'us')
			.map(({name, value}) => `${name} ${value}`);

	t.deepEqual(times('codel', number(1, 1), number(3, 9), number(5, 7)), [
		'interval 9',
		'ce_threshold 7',
	]);
	t.deepEqual(times('fq_codel', number(1, 1), number(3, 100_000), number(7, 0)), [
		'interval 100000',
		'ce_threshold 0',
	]);
	t.deepEqual(times('fq', number(12, 0xffff_ffff)), ['ce_threshold 4294967295']);
	t.deepEqual(times('pie', number(1, 15_000)), ['target 15000']);
	t.deepEqual(times('fq_pie', number(3, 2)), ['target 2']);
	t.deepEqual(times('cake', number(7, 100), number(8, 5)), ['rtt 100']);
	t.deepEqual(times('cake', number(7, 0)), ['rtt 0']);
});

test('how much each discipline keeps', t => {
	const limits = (kind: string, ...options: readonly Uint8Array[]) =>
		queue(kind, options)
			.limits.filter(({unit}) => unit !== 'us')
			.map(({name, value, unit}) => `${name} ${value} ${unit}`);
	const number = (id: number, value: number) => attribute(id, u32(value));

	t.deepEqual(limits('pfifo', u32(5)), ['limit 5 packets']);
	t.deepEqual(limits('pfifo_head_drop', u32(0)), ['limit 0 packets']);
	t.deepEqual(limits('bfifo', u32(1000)), ['limit 1000 bytes']);
	t.deepEqual(limits('sfq', u32(1514, 0, 127, 1024, 128, 96)), [
		'limit 127 packets',
		'depth 96 packets',
	]);
	t.deepEqual(limits('fq', number(1, 10_000), number(2, 100)), [
		'limit 10000 packets',
		'flow_limit 100 packets',
	]);
	t.deepEqual(limits('fq_codel', number(1, 4999), number(2, 10_240), number(9, 1 << 25)), [
		'limit 10240 packets',
		'memory_limit 33554432 bytes',
	]);
	t.deepEqual(limits('fq_pie', number(1, 7), number(8, 9)), [
		'limit 7 packets',
		'memory_limit 9 bytes',
	]);
	t.deepEqual(limits('codel', number(1, 4999), number(2, 1000)), ['limit 1000 packets']);
	t.deepEqual(limits('pie', number(1, 14_000), number(2, 1000)), ['limit 1000 packets']);
	t.deepEqual(limits('cake', number(10, 4000)), ['memory_limit 4000 bytes']);
	t.deepEqual(limits('cake', number(10, 0)), []);
	t.deepEqual(limits('pfifo_fast', u32(3, 0, 0, 0, 0)), []);
});

test('this machine has queues, and no filters on a device that it has not', async t => {
	t.true((await readQueues()).some(({ifindex, kind}) => ifindex === 1 && kind === 'noqueue'));
	t.deepEqual(await readFilters(0x7fff_ffff, 0xffff_fff2), []);
});
