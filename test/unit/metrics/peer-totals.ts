// SPDX-License-Identifier: MIT
import test from 'ava';
import {blank} from '../../fakes/kernel-world.ts';
import type {Channel, Peer} from '../../../userland/kernel/kernel.ts';
import {PeerTotals} from '../../../userland/metrics/peer-totals.ts';

function peer(epoch: number, counts: Partial<Channel> = {}, ordinary = {}): Peer {
	return {
		...{domid: 7, epoch, name: 'db-1', links: [], wanted: false, busyPollUs: 0},
		ordinary: new Map(Object.entries<bigint>(ordinary)),
		channel: {...blank, state: 'live', reason: 'none', since: 1n, ...counts},
	};
}

test('a new life counts on, however much it has carried', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {txPackets: 10n})]);
	totals.update([peer(1, {txPackets: 15n})]);
	t.is(totals.of(7)?.txPackets, 15);
	totals.update([peer(2, {txPackets: 100n})]);
	t.is(totals.of(7)?.txPackets, 115);
});

test('a second try in one life begins at 0 as well', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {rxBytes: 10n})]);
	totals.update([peer(1, {rxBytes: 4n})]);
	t.is(totals.of(7)?.rxBytes, 14);
});

test('what a channel carried last is heard when it ends', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {txBytes: 10n})]);
	totals.heard(peer(1, {txBytes: 25n, state: 'closed'}));
	totals.update([{...peer(2), channel: undefined}]);
	t.is(totals.of(7)?.txBytes, 25);
	totals.update([peer(2, {txBytes: 1n})]);
	t.is(totals.of(7)?.txBytes, 26);
});

test('the ordinary path counts since the peer was made, not since the channel was', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {}, {size: 3n})]);
	totals.update([peer(2, {}, {size: 5n, tc: 1n})]);
	t.deepEqual(
		[...(totals.of(7)?.ordinary ?? [])],
		[
			['size', 5],
			['tc', 1],
		],
	);
	totals.update([peer(2, {}, {size: 1n})]);
	t.is(totals.of(7)?.ordinary.get('size'), 6);
});

test('suppressed events never become fewer', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {txPackets: 100n, eventsSent: 40n})]);
	t.is(totals.of(7)?.eventsSuppressed, 60);
	totals.update([peer(1, {txPackets: 100n, eventsSent: 41n})]);
	t.is(totals.of(7)?.eventsSuppressed, 60);
	totals.update([peer(1, {txPackets: 110n, eventsSent: 41n})]);
	t.is(totals.of(7)?.eventsSuppressed, 69);
});

test('a peer that is gone is forgotten', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {txPackets: 10n})]);
	totals.update([]);
	t.is(totals.of(7), undefined);
	totals.update([peer(3, {txPackets: 1n})]);
	t.is(totals.of(7)?.txPackets, 1);
});

test('counts above 2^53 are near enough, and never NaN', t => {
	const totals = new PeerTotals();
	totals.update([peer(1, {txBytes: 2n ** 63n})]);
	t.is(totals.of(7)?.txBytes, 2 ** 63);
});
