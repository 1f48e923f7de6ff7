// SPDX-License-Identifier: MIT
import test from 'ava';
import {startCluster} from './harness/cluster.ts';
import {allows, configOf, peersOf, prefix, startHost, type Host} from './harness/host.ts';

const count = 200;

/** How long each host took to have it in force, in ms, sorted. */
async function spread(hosts: readonly Host[], peers: string, change: () => Promise<void>) {
	const changed = change().then(() => performance.now());
	const times = await Promise.all(
		hosts.map(async host => {
			await host.until(loaded => peersOf(loaded) === peers);

			return performance.now();
		}),
	);
	const start = await changed;

	return times.map(time => Math.max(0, time - start)).sort((a, b) => a - b);
}

const figures = (times: readonly number[]) =>
	`median ${times[times.length / 2]?.toFixed(0)} ms, last ${times.at(-1)?.toFixed(0)} ms`;

test(`${count} hosts see a change, while a member dies too`, async t => {
	const etcd = await startCluster(t);
	const [victim] = etcd.members;
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const hosts = await Promise.all(
		Array.from({length: count}, () => startHost(t, configOf(etcd.endpoints))),
	);
	await Promise.all(hosts.map(host => host.until(loaded => peersOf(loaded) === 'v0')));
	const members = etcd.endpoints.map(
		each => hosts.filter(host => host.state().endpoint === each).length,
	);
	t.log(`hosts by member: ${members.join(', ')}`);

	const first = await spread(hosts, 'v1', () => etcd.put(`${prefix}10-a.yaml`, allows('v1')));
	t.log(`the first change, while watches are opened: ${figures(first)}`);
	const quiet = await spread(hosts, 'v1b', () => etcd.put(`${prefix}10-a.yaml`, allows('v1b')));
	t.log(`a change, from when etcd took it: ${figures(quiet)}`);
	await victim?.kill();
	const others = etcd.members.filter(member => member !== victim);
	const dying = await spread(hosts, 'v2', async () => {
		for (;;) {
			try {
				return await etcd.put(`${prefix}10-a.yaml`, allows('v2'), {members: others});
			} catch {
				// A leader is to be chosen.
			}
		}
	});
	t.log(`after a member was killed: ${figures(dying)}`);
	t.is(first.length + quiet.length + dying.length, 3 * count);
	t.is(new Set(hosts.map(host => host.state().token)).size, 1);
	t.deepEqual(
		hosts.flatMap(({seen}) => seen.flatMap(({errors}) => errors)),
		[],
	);
});
