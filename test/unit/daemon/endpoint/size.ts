// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {
	isFilling,
	look,
	orderFor,
	type Range,
	type Size,
} from '../../../../userland/daemon/endpoint/size.ts';

const range: Range = {least: 5, most: 8};
const minute = 60_000;
/** Just what the smallest ring holds, if every record were twice its packet. */
const calm = 65_536n;

type Act = {readonly ms?: number; readonly sent?: bigint; readonly waited?: bigint};

/** Looks every 5 s at a channel that obeys at once: whatever size it should get is its next life's. */
function follow(acts: readonly Act[], first = 5) {
	let now = 0;
	let channel = {since: 1n, order: first, txBytes: 0n, backlogged: 0n};
	let size: Size | undefined;
	const orders = acts.map(({ms = 5000, sent = 0n, waited = 0n}) => {
		now += ms;
		channel = {
			...channel,
			txBytes: channel.txBytes + sent,
			backlogged: channel.backlogged + waited,
		};
		size = look(size, channel, range, now);
		if (size.order !== channel.order) {
			channel = {since: channel.since + 1n, order: size.order, txBytes: 0n, backlogged: 0n};
		}

		return {order: size.order, at: now, filling: isFilling(size, range, now)};
	});

	return {orders, size, now};
}

const times = (count: number, act: Act): Act[] => Array.from({length: count}, () => act);
const full: Act = {sent: 10n ** 9n, waited: 3n};
const busy: Act = {sent: calm + 1n};
const quiet: Act = {sent: calm};
const orders = (acts: Act[], first?: number) => follow(acts, first).orders.map(({order}) => order);

test('a ring found full twice running grows to the limit', t => {
	t.deepEqual(orders([full, full]), [5, 8]);
	t.deepEqual(orders([full, busy, full, quiet, full]), [5, 5, 5, 5, 5]);
	t.deepEqual(orders(times(5, busy)), [5, 5, 5, 5, 5], 'rate alone is no reason');
	t.deepEqual(orders([full, full], 6), [6, 8]);
});

test('after the first full look the next is soon', t => {
	const filling = (acts: Act[]) => follow(acts).orders.map(each => each.filling);
	t.deepEqual(filling([quiet, full, full, full]), [false, true, false, false]);
	t.deepEqual(filling([full, quiet]), [true, false]);
});

test('ten minutes in which the smallest ring could not have been full make it that', t => {
	const grown = [full, full];
	const calmOnes = times(120, quiet);
	t.is(orders([...grown, ...calmOnes.slice(1)]).at(-1), 8);
	t.is(orders([...grown, ...calmOnes]).at(-1), 5);
	t.is(orders([...grown, ...calmOnes.slice(60), busy, ...calmOnes.slice(1)]).at(-1), 8);
	t.is(orders([...grown, ...times(500, busy)]).at(-1), 8);
	t.deepEqual(orders([...grown, ...calmOnes, full, full]).slice(-3), [5, 5, 8], 'and again');
});

test('a channel that was there before us keeps its size, and ten minutes', t => {
	t.deepEqual(orders([quiet, quiet], 8), [8, 8]);
	t.is(orders([{ms: 0}, {ms: 10 * minute - 1}], 8).at(-1), 8);
	t.is(orders([{ms: 0}, {ms: 10 * minute}], 8).at(-1), 5);
});

test('fixed rings are left alone', t => {
	const fixed = {least: 8, most: 8};
	const seen = (backlogged: bigint) => ({since: 1n, order: 8, txBytes: 0n, backlogged});
	let size = look(undefined, seen(0n), fixed, 0);
	for (const at of [1, 2, 3]) {
		size = look(size, seen(BigInt(at)), fixed, at);
	}
	t.is(size.order, 8);
	t.false(isFilling(size, fixed, 3));
	t.is(look(size, seen(3n), fixed, 100 * minute).order, 8);
});

test('rings that policy no longer lets be so get the next size that it does', t => {
	const seen = {since: 1n, order: 8, txBytes: 0n, backlogged: 0n};
	const kept = look(undefined, seen, range, 0);
	t.is(kept.order, 8);
	t.is(look(kept, seen, {least: 5, most: 6}, 1).order, 6);
	t.is(look(kept, seen, {least: 9, most: 9}, 1).order, 9);
	t.is(look(undefined, seen, {least: 5, most: 7}, 0).order, 7, 'a daemon that has just come');
});

test('a size that could not be had is not asked for again at once', t => {
	const {size: grown, now} = follow([full, full]);
	const small = (backlogged: bigint) => ({since: 9n, order: 5, txBytes: 0n, backlogged});
	const looks = (from: number, before: Size | undefined) =>
		[1n, 2n, 3n].reduce((size, n) => look(size, small(n), range, from + Number(n)), before);
	const again = looks(now, grown);
	t.is(again?.order, 5);
	t.false(again !== undefined && isFilling(again, range, now + 3));
	t.is(looks(now + 10 * minute, again)?.order, 8);
});

test('the next channel begins as the last was, or small after a quiet time', t => {
	const {size, now} = follow([full, full]);
	const next = (of: Size | undefined, within: Range, at: number) =>
		orderFor(of, within, undefined, at);
	t.is(next(undefined, range, 0), 5);
	t.is(next(size, range, now), 8);
	t.is(next(size, {least: 5, most: 6}, now), 6);
	t.is(next(size, {least: 9, most: 9}, now), 9);
	t.is(next(size, range, now + 10 * minute), 5);
});

test('it begins small where one has not come up since it was to grow', t => {
	const {size, now} = follow([full, full]);
	t.is(orderFor(size, range, now - 1, now + minute), 8);
	t.is(orderFor(size, range, now, now + minute), 5);
	t.is(orderFor(size, range, now + 1, now + minute), 5);
	const {size: found} = follow([busy], 8);
	t.is(orderFor(found, range, 1, minute), 5, 'a daemon that did not make it grow goes by any');
});

/** Traffic of one kind for a while, then of another. */
const acts = fc
	.array(
		fc.record({
			kind: fc.constantFrom(full, busy, quiet, {}),
			ms: fc.integer({min: 1, max: 2 * minute}),
			count: fc.integer({min: 1, max: 30}),
		}),
		{maxLength: 20},
	)
	.map(phases => phases.flatMap(({kind, ms, count}) => times(count, {...kind, ms})));

test('whatever happens, no more than two changes in ten minutes, and only to the limits', t => {
	fc.assert(
		fc.property(acts, fc.constantFrom(5, 6, 8), (given, first) => {
			const seen = [{order: first, at: 0}, ...follow(given, first).orders];
			const changes = seen.slice(1).filter(({order}, index) => order !== seen[index]?.order);
			t.true(changes.every(({order}) => order === 5 || order === 8));
			const third = changes.slice(2).map(({at}, index) => at - (changes[index]?.at ?? 0));
			t.true(third.every(ms => ms >= 10 * minute));
		}),
	);
});

test('whoever shrinks had sent little for ten minutes', t => {
	let shrunk = 0;
	fc.assert(
		fc.property(acts, given => {
			const {orders: seen} = follow(given);
			for (const [index, {order, at}] of seen.entries()) {
				if (order >= (seen[index - 1]?.order ?? 5)) {
					continue;
				}
				const looks = given.filter(
					(_, i) => i <= index && at - (seen[i]?.at ?? 0) < 10 * minute,
				);
				shrunk++;
				t.true(looks.every(({sent = 0n, waited}) => sent <= calm && waited === undefined));
			}
		}),
	);
	t.true(shrunk > 0);
});
