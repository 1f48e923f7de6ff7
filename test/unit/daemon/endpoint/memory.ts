// SPDX-License-Identifier: MIT
import test from 'ava';
import type {DesiredPeer} from '../../../../userland/daemon/endpoint/desired.ts';
import {limitMemory} from '../../../../userland/daemon/endpoint/memory.ts';
import type {ChannelState, Peer} from '../../../../userland/kernel/kernel.ts';
import {blank} from '../../../fakes/kernel-world.ts';

const kib = 1024;

function desired(domid: number, change: Partial<DesiredPeer> = {}): DesiredPeer {
	return {
		...{name: String(domid), refusal: undefined, rule: undefined, listen: true},
		config: {domid, epoch: 1, name: String(domid), links: [], busyPollUs: 0, fragPages: 0},
		...{order: 8, range: {least: 5, most: 8}, mismatch: undefined, queues: 1},
		...{idleTimeoutS: undefined, isAudit: false, isOwnAudit: false},
		...{isAsked: false, isWaiting: false, isUnusable: false},
		...change,
	};
}

function peer(domid: number, state: ChannelState, order: number, queues = 1): [number, Peer] {
	const channel = {...blank, state, order, queues, reason: 'none', since: 0n};
	const rest = {links: [], ordinary: new Map(), wanted: false, busyPollUs: 0};

	return [domid, {domid, epoch: 1, name: String(domid), ...rest, channel}];
}

const told = (peers: readonly DesiredPeer[]) =>
	peers.map(
		({order, range, refusal}) => refusal?.code ?? `${order} ${range.least}-${range.most}`,
	);

test('a channel begins with what is left, and one that finds too little is refused', t => {
	const asked = [1, 2, 3, 4].map(domid => desired(domid, {isAsked: true}));
	/* 1 MiB is order 8; order 5 is the least, 128 KiB. */
	t.deepEqual(told(limitMemory(asked, new Map(), 2048 * kib)), [
		'8 5-8',
		'8 5-8',
		'memory',
		'memory',
	]);
	t.deepEqual(told(limitMemory(asked, new Map(), 1408 * kib)), [
		...['8 5-8', '6 5-6', '5 5-5', 'memory'],
	]);
	t.deepEqual(told(limitMemory(asked.slice(0, 1), new Map(), 100 * kib)), ['memory']);
});

test('queues each take their share', t => {
	const four = [1, 2].map(domid =>
		desired(domid, {isAsked: true, queues: 4, order: 6, range: {least: 5, most: 6}}),
	);
	t.deepEqual(told(limitMemory(four, new Map(), 1024 * kib)), ['6 5-6', 'memory']);
	t.deepEqual(told(limitMemory(four, new Map(), 1024 * kib - 1)), ['5 5-5', 'memory']);
});

test('channels that are up stay before new ones, and grow into what is left alone', t => {
	const kernel = new Map([peer(2, 'live', 5), peer(3, 'offered', 6), peer(4, 'closed', 8)]);
	const peers = [1, 2, 3, 4].map(domid => desired(domid));
	t.deepEqual(told(limitMemory(peers, kernel, 512 * kib)), ['5 5-5', '8 5-6', '8 5-6', '5 5-5']);
	t.deepEqual(told(limitMemory(peers, kernel, 384 * kib)), [
		'memory',
		'8 5-5',
		'8 5-6',
		'memory',
	]);
	t.deepEqual(told(limitMemory(peers, kernel, 128 * kib)), [
		'memory',
		'8 5-5',
		'memory',
		'memory',
	]);
});

test('who is refused anyway takes nothing, and keeps the reason', t => {
	const refusal = {code: 'held' as const, reason: 'x'};
	const peers = [desired(1, {refusal, isAsked: true}), desired(2, {isAsked: true})];
	t.deepEqual(told(limitMemory(peers, new Map(), 1024 * kib)), ['held', '8 5-8']);
});
