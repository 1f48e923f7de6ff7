// SPDX-License-Identifier: MIT
import test from 'ava';
import type {LivePeer} from '../../../../userland/daemon/endpoint/sizes.ts';
import {createStats} from '../../../../userland/daemon/endpoint/stats.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import {fakeXenStore} from '../../../fakes/xenstore.ts';
import {ownPaths} from '../../../../userland/xenstore/paths.ts';
import {fakeClock} from '../_clock.ts';

const live = (domid: number, txBytes = 0n) =>
	({
		domid,
		name: `guest-${domid}`,
		channel: {since: 0n, txPackets: 0n, txBytes, rxPackets: 0n, rxBytes: 0n},
	}) as unknown as LivePeer;

test('what was said to dom0 of a channel is forgotten with it', async t => {
	const tree = fakeXenStore();
	tree.introduce(1, 'a');
	const store = tree.connect(1);
	const written: string[] = [];
	let isRefused = false;
	const lines: string[] = [];
	const tell = createStats({
		store: {
			...store,
			async write(path, value) {
				if (isRefused) {
					throw new Error('no room');
				}
				written.push(path);
				await store.write(path, value);
			},
		},
		paths: ownPaths(false),
		clock: fakeClock(),
		log: createLog(line => lines.push(line)),
	});
	await tell([live(2), live(3)]);
	await tell([live(2), live(3)]);
	t.deepEqual(written, ['data/coloop/stats/2', 'data/coloop/stats/3'], 'nothing is said twice');
	await tell([live(3)]);
	await tell([live(2), live(3)]);
	t.is(written.length, 3, 'a channel that is there again is told again');

	isRefused = true;
	await tell([live(2, 9n)]);
	await tell([live(2, 9n)]);
	t.is(lines.length, 1);
	await tell([]);
	await tell([live(2, 9n)]);
	t.is(lines.length, 2, 'another channel, another complaint');
});
