// SPDX-License-Identifier: MIT
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {systemClock} from '../../../userland/daemon/clock.ts';
import {metered} from '../../../userland/metrics/metered.ts';
import {Metrics} from '../../../userland/metrics/metrics.ts';
import {watchPolicy} from '../../../userland/policy/watch.ts';
import {storeRefusal} from '../../../userland/xenstore/errors.ts';
import {fakeHost} from '../../fakes/kernel.ts';
import {fakeXenStore} from '../../fakes/xenstore.ts';
import {valueOf} from './_published.ts';

function worldOf(folder = '/nowhere') {
	const tree = fakeXenStore();
	tree.introduce(1);
	const kernel = fakeHost().kernel(1);
	const metrics = new Metrics();
	const {world, totals} = metered(
		{
			clock: systemClock(),
			openStore: async () => tree.connect(1),
			openKernel: async () => kernel,
			watchPolicy: (signal: AbortSignal) => watchPolicy(folder, signal),
		},
		metrics,
	);

	return {
		...{world, totals, kernel, tree},
		value: async (name: Parameters<Metrics['text']>[0], labels = '') =>
			valueOf(await metrics.text(name), `${name}${labels}`),
	};
}

test('policies that are read, well and badly', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-policy-'));
	const {world, value} = worldOf(folder);
	const stop = new AbortController();
	const policies = world.watchPolicy(stop.signal);
	const read = policies[Symbol.asyncIterator]();
	const loads = 'coloop_policy_loads_total';
	t.is(await value('coloop_policy_last_load_timestamp_seconds'), 0);
	await read.next();
	t.is(await value('coloop_policy_last_load_successful'), 1);
	await writeFile(join(folder, '10-site.yaml'), 'version: 1\npears: []\n');
	const broken = read.next();
	policies.reload();
	t.is((await broken).value?.errors.length, 1);
	t.is(await value('coloop_policy_last_load_successful'), 0);
	t.is(await value(loads, '{result="success"}'), 1);
	t.true(((await value(loads, '{result="failure"}')) ?? 0) >= 1);
	const when = (await value('coloop_policy_last_load_timestamp_seconds')) ?? 0;
	t.true(Math.abs(when - Date.now() / 1000) < 60);
	stop.abort();
	await read.return?.();
	await rm(folder, {recursive: true});
});

test('a timer that fires late is lag, one that is woken early is not', async t => {
	const {world, value} = worldOf();
	const signal = new AbortController().signal;
	const sleeping = world.clock.sleep(5, signal);
	/* Ours is the turn that keeps the timer waiting. */
	const end = performance.now() + 60;
	for (let now = 0; now < end; now = performance.now()) {
		/* Waits. */
	}
	await sleeping;
	const text = 'coloop_event_loop_lag_seconds';
	t.is(await value(text, '_count'), 1);
	t.true(((await value(text, '_sum')) ?? 0) > 0.05);
	const woken = new AbortController();
	const early = world.clock.sleep(10_000, woken.signal);
	woken.abort();
	await early;
	t.is(await value(text, '_count'), 1);
});

test('every operation of a store is counted, and works as before', async t => {
	const {world, tree, value} = worldOf();
	const store = await world.openStore();
	const of = (operation: string) =>
		value('coloop_xenstore_requests_total', `{operation="${operation}"}`);
	const [node, stop] = ['/local/domain/1/data/x', new AbortController()];
	const dom0 = tree.connect(0);
	await dom0.mkdir('/local/domain/1/data');
	await dom0.setPermissions('/local/domain/1/data', [{domid: 1, access: 'none'}]);
	/* Registered when called: what happens before anybody listens is not missed. */
	const events = store.watch(node, stop.signal)[Symbol.asyncIterator]();
	await store.write(node, 'one');
	t.is(await store.read(node), 'one');
	t.deepEqual(await store.list('/local/domain/1/data'), ['x']);
	await store.mkdir(`${node}/y`);
	await store.setPermissions(node, await store.getPermissions(node));
	await store.transaction(async inner => inner.write(node, (await inner.read(node)) + ' two'));
	t.is(await store.read(node), 'one two');
	await store.remove(node);
	t.is((await events.next()).value, node);
	stop.abort();
	await events.return?.();
	t.deepEqual(
		await Promise.all(
			[
				...['read', 'write', 'list', 'remove', 'mkdir', 'get_permissions'],
				...['set_permissions', 'transaction', 'watch'],
			].map(of),
		),
		[3, 2, 1, 1, 1, 1, 1, 1, 1],
	);
	t.true(((await value('coloop_xenstore_watch_events_total')) ?? 0) >= 1);
	await t.throwsAsync(store.write('/local/domain/0/x', ''), {message: /permission denied/});
	t.is(await value('coloop_xenstore_errors_total', '{error="EACCES"}'), 1);
	await t.throwsAsync(
		store.transaction(async () => {
			throw storeRefusal('/', 'EAGAIN');
		}),
	);
	t.is(await value('coloop_xenstore_errors_total', '{error="EAGAIN"}'), 1);
	await store.close();
});

test('the first packet counts, not the last that asked', async t => {
	const {world, kernel, value} = worldOf();
	const stop = new AbortController();
	const events = (await world.openKernel()).events(stop.signal)[Symbol.asyncIterator]();
	await kernel.peerNew({domid: 2, epoch: 1, name: 'b', links: []});
	const setup = 'coloop_channel_setup_seconds';
	kernel.want(2);
	await events.next();
	await new Promise(resolve => setTimeout(resolve, 30));
	kernel.want(2);
	await events.next();
	kernel.fall(2, 'closed', 'timeout');
	await events.next();
	kernel.fall(2, 'live', 'none');
	await events.next();
	t.is(await value(setup, '_count'), 1);
	t.true(((await value(setup, '_sum')) ?? 0) >= 0.025);
	/* One that the peer asked for, or a person, has no first packet. */
	kernel.fall(2, 'closed', 'asked');
	kernel.fall(2, 'live', 'none');
	await events.next();
	await events.next();
	t.is(await value(setup, '_count'), 1);
	t.is(await value('coloop_channels_opened_total'), 2);
	kernel.overrun();
	await events.next();
	t.is(await value('coloop_netlink_overruns_total'), 1);
	stop.abort();
	await events.return?.();
});
