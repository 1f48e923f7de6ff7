// SPDX-License-Identifier: MIT
import test from 'ava';
import {sayAlive} from '../../../../userland/daemon/host/alive.ts';
import {forEach} from '../../../../userland/daemon/together.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import {fakeXenStore} from '../../../fakes/xenstore.ts';
import {hostAlive} from '../../../../userland/xenstore/paths.ts';
import {storeRefusal} from '../../../../userland/xenstore/errors.ts';
import type {Store} from '../../../../userland/xenstore/store.ts';
import {fakeClock} from '../_clock.ts';

function started(change: (store: Store) => Store = store => store) {
	const clock = fakeClock();
	const tree = fakeXenStore();
	const lines: string[] = [];
	const stop = new AbortController();
	const world = {clock, log: createLog(line => lines.push(line))};
	const done = sayAlive(change(tree.connect(0)), '1 1 1000', world, stop.signal);

	return {clock, tree, lines, stop, done};
}

test('any guest reads another value every 10 s, at the cost of one write', async t => {
	const {clock, tree, stop, done} = started();
	const guest = tree.connect(7);
	const values: Array<string | undefined> = [];
	let writes = 0;
	const watching = forEach(tree.connect(0).watch('/coloop', stop.signal), () => {
		writes += 1;
	});
	await clock.advance(0);
	const before = writes;

	for (let time = 0; time < 3; time++) {
		values.push(await guest.read(hostAlive));
		await clock.advance(10_000);
	}
	t.deepEqual(values, ['1 1 1000 1', '1 1 1000 2', '1 1 1000 3']);
	t.is(writes - before, 3);
	await t.throwsAsync(guest.write(hostAlive, '1 1 1000 4'));
	stop.abort();
	await Promise.all([done, watching]);
});

test('a host role that is stopped says no more', async t => {
	const {clock, tree, stop, done} = started();
	await clock.advance(5000);
	stop.abort();
	await done;
	await clock.advance(60_000);
	t.is(await tree.connect(0).read(hostAlive), '1 1 1000 1');
});

test('a refused write is logged once and tried again; a lost connection ends it', async t => {
	let error: unknown = storeRefusal(hostAlive, 'ENOSPC');
	const {clock, tree, lines, done} = started(store => ({
		...store,
		write: async (path, value) => {
			if (error !== undefined) {
				throw error;
			}
			await store.write(path, value);
		},
	}));
	await clock.advance(30_000);
	t.is(lines.length, 1);
	error = undefined;
	await clock.advance(10_000);
	t.regex((await tree.connect(0).read(hostAlive)) ?? '', /^1 1 1000 \d+$/);
	error = new Error('gone');
	const ended = t.throwsAsync(done, {message: 'gone'});
	await clock.advance(10_000);
	await ended;
});
