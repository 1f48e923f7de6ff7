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
	const plain = {ifindex: 7, kind: 'fq_codel', handle: 0x8001_0000, hasRate: false};

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

test('this machine has queues, and no filters on a device that it has not', async t => {
	t.true((await readQueues()).some(({ifindex, kind}) => ifindex === 1 && kind === 'noqueue'));
	t.deepEqual(await readFilters(0x7fff_ffff, 0xffff_fff2), []);
});
