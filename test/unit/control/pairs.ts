// SPDX-License-Identifier: MIT
import test from 'ava';
import {createChoice, listLimits, rankOf, type Condition} from '../../../userland/control/pairs.ts';

const condition = (state: string, code: string | null = null, reason: string | null = null) => ({
	state,
	code,
	reason,
});

const live = condition('live');
const failing = condition('closed', 'memory', 'no grants were left');
const declined = condition('refused', 'declined', 'b declines: its policy denies a');
const ready = condition('ready');
const held = condition('held', 'held', 'taken down');
const rule = condition('refused', 'rule', 'table bridge f');
const denied = condition('refused', 'policy', 'denied by x:1:1');

test('live goes before what might be, and that before what may not', t => {
	const order: Condition[] = [live, failing, ready, held, rule, denied];
	t.deepEqual(
		order.map(rankOf),
		order.map((_, index) => index),
	);
	t.is(rankOf(declined), rankOf(failing));
});

function choose(...groups: ReadonlyArray<readonly [Condition, number]>) {
	const choice = createChoice<Condition>(listLimits);
	for (const [each, count] of groups) {
		for (let index = 0; index < count; index++) {
			choice.add(each, each);
		}
	}

	return choice.chosen();
}

test('of a small host all pairs are listed, in their order', t => {
	const {pairs, left} = choose([denied, 2], [live, 1], [ready, 3], [rule, 2]);
	t.deepEqual(pairs, [denied, denied, live, ready, ready, ready, rule, rule]);
	t.deepEqual(left, {open: 0, refused: 0});
});

test('of half a million pairs all that are live are, and few others', t => {
	const {pairs, left} = choose([denied, 400_000], [ready, 100_000], [rule, 50], [live, 300]);
	t.is(pairs.length, 300);
	t.deepEqual(left, {open: 100_000, refused: 400_050});
});

test('refused ones fill the screen, those that dom0 may not know of first', t => {
	const {pairs, left} = choose([denied, 500], [rule, 7], [live, 10]);
	t.deepEqual(
		[live, rule, denied].map(kind => pairs.filter(pair => pair === kind).length),
		[10, 7, 3],
	);
	t.deepEqual(left, {open: 0, refused: 497});
});

test('what may have a channel and has none is listed with its reasons first', t => {
	const {pairs, left} = choose([held, 300], [ready, 150], [failing, 100]);
	t.is(pairs.filter(pair => pair === failing).length, 100);
	t.is(pairs.filter(pair => pair === ready).length, 100);
	t.is(pairs.length, 200);
	t.deepEqual(left, {open: 350, refused: 0});
});
