// SPDX-License-Identifier: MIT
import test from 'ava';
import {createDetours} from '../../../../userland/daemon/endpoint/detours.ts';
import type {Peer} from '../../../../userland/kernel/kernel.ts';
import {fakeClock} from '../_clock.ts';

function peer(counts: Record<string, number>, domid = 2): Peer {
	const ordinary = new Map(Object.entries(counts).map(([key, value]) => [key, BigInt(value)]));

	return {
		...{domid, epoch: 7, name: 'b', links: [], ordinary},
		...{wanted: false, busyPollUs: 0, channel: undefined},
	};
}

test('a count that grows is a detour, from what it was before', async t => {
	const clock = fakeClock();
	const detours = createDetours(clock);

	t.false(detours.update([peer({qdisc: 100})]), 'nobody knows when those passed');
	t.is(detours.of(2), undefined);
	await clock.advance(5000);
	t.true(detours.update([peer({qdisc: 140})]));
	t.deepEqual(detours.of(2), {reason: 'qdisc', packets: 40n});
	await clock.advance(5000);
	t.false(detours.update([peer({qdisc: 141})]), 'it goes on');
	t.deepEqual(detours.of(2), {reason: 'qdisc', packets: 41n});
});

test('a rule that nothing meets for a minute is forgotten', async t => {
	const clock = fakeClock();
	const detours = createDetours(clock);

	detours.update([peer({})]);
	t.true(detours.update([peer({tc: 3})]));
	await clock.advance(59_000);
	t.false(detours.update([peer({tc: 3})]));
	t.is(detours.of(2)?.reason, 'tc');
	await clock.advance(2000);
	t.is(detours.of(2), undefined);
	t.true(detours.update([peer({tc: 3})]));
	t.true(detours.update([peer({tc: 4})]));
	t.deepEqual(detours.of(2), {reason: 'tc', packets: 1n});
});

test('packets that pass for reasons of their own are no detour', t => {
	const detours = createDetours(fakeClock());
	const others = ['none', 'no-channel', 'pacing', 'form', 'neighbour', 'reason-98'];

	detours.update([peer({})]);
	t.false(detours.update([peer(Object.fromEntries(others.map(reason => [reason, 50])))]));
	t.is(detours.of(2), undefined);
});

test('a peer that is made anew, or another, begins anew', t => {
	const detours = createDetours(fakeClock());

	detours.update([peer({qdisc: 50})]);
	detours.update([peer({qdisc: 60})]);
	detours.update([peer({qdisc: 5})]);
	t.is(detours.of(2), undefined);
	detours.update([peer({qdisc: 6})]);
	t.deepEqual(detours.of(2), {reason: 'qdisc', packets: 1n});
	t.true(detours.update([]));
	detours.update([peer({qdisc: 70})]);
	t.is(detours.of(2), undefined);
	t.is(detours.of(3), undefined);
});

test('news is what no look has seen, of a rule that is not known to be in the way', async t => {
	const clock = fakeClock();
	const detours = createDetours(clock);

	t.true(detours.isNews(peer({tc: 1})), 'nobody has looked yet');
	detours.update([peer({tc: 1})]);
	t.false(detours.isNews(peer({tc: 1})));
	t.true(detours.isNews(peer({tc: 2})));
	detours.update([peer({tc: 2})]);
	t.false(detours.isNews(peer({tc: 9})), 'that it goes on is known');
	t.true(detours.isNews(peer({tc: 9, qdisc: 1})));
	t.false(detours.isNews(peer({tc: 9, form: 1})), 'such packets pass for reasons of their own');
	await clock.advance(61_000);
	t.true(detours.isNews(peer({tc: 3})));
});
