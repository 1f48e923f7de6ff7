// SPDX-License-Identifier: MIT
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import {startCluster} from './harness/cluster.ts';
import {allows, configOf, peersOf, prefix, startHost} from './harness/host.ts';

test('documents stand among the files, by name, and a file before the document of its name', async t => {
	const etcd = await startCluster(t, {members: 1});
	await etcd.put(`${prefix}10-a.yaml`, allows('fleet-10'));
	await etcd.put(`${prefix}30-b.yaml`, allows('fleet-30'));
	const host = await startHost(t, configOf(etcd.endpoints), {
		files: {
			'05-first.yaml': allows('file-05'),
			'20-mid.yaml': allows('file-20'),
			'30-b.yaml': allows('file-30'),
		},
	});
	const {policy, errors} = await host.until(() => true);

	t.deepEqual(errors, []);
	t.is(peersOf(host.now()), 'file-05,fleet-10,file-20,file-30,fleet-30');
	t.deepEqual(policy.accept[1]?.source, {
		...{file: 'etcd:/coloop/policy/10-a.yaml', line: 3, column: 5},
	});
	t.like(host.state(), {source: 'etcd:/coloop/policy/', documents: 2, problem: null});

	await etcd.put(`${prefix}10-a.yaml`, allows('changed'));
	await host.until(loaded => peersOf(loaded).includes('changed'));
	await etcd.ctl(['del', `${prefix}10-a.yaml`]);
	await host.until(loaded => peersOf(loaded) === 'file-05,file-20,file-30,fleet-30');
	await etcd.ctl(['del', '--prefix', prefix]);
	await host.until(loaded => peersOf(loaded) === 'file-05,file-20,file-30');
	t.is(host.state().documents, 0);
});

test('of three members one is killed in the middle, then the leader: each change is still heard', async t => {
	const etcd = await startCluster(t);
	const [first] = etcd.members;
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const hosts = await Promise.all(
		Array.from({length: 6}, () => startHost(t, configOf(etcd.endpoints))),
	);
	const all = async (peers: string) => {
		await Promise.all(hosts.map(host => host.until(loaded => peersOf(loaded) === peers)));
	};
	await all('v0');

	await first?.kill();
	const alive = etcd.members.filter(member => member !== first);
	await retry(() => etcd.put(`${prefix}10-a.yaml`, allows('v1'), {members: alive}));
	await all('v1');
	await first?.start();
	await retry(() => etcd.put(`${prefix}10-a.yaml`, allows('v2')));
	await all('v2');

	await etcd.ctl(['endpoint', 'health']);
	const leader = await etcd.leader();
	await leader.kill();
	const others = etcd.members.filter(member => member !== leader);
	await retry(() => etcd.put(`${prefix}10-a.yaml`, allows('v3'), {members: others}));
	await all('v3');
	t.deepEqual(
		hosts.flatMap(({seen}) => seen.flatMap(({errors}) => errors)),
		[],
	);
});

test('leadership that moves is nothing to notice', async t => {
	const etcd = await startCluster(t);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'v0');
	const leader = await etcd.leader();
	const [other] = etcd.members.filter(member => member !== leader);
	const ids = await etcd.ctl(['member', 'list']);
	const id = ids
		.split('\n')
		.find(line => line.includes(`, ${other?.name},`))
		?.split(',')[0];
	await etcd.ctl(['move-leader', id ?? ''], {members: [leader]});
	t.is<string | undefined, string | undefined>((await etcd.leader()).name, other?.name);
	await etcd.put(`${prefix}10-a.yaml`, allows('v1'));
	await host.until(loaded => peersOf(loaded) === 'v1');
	t.deepEqual(
		host.log.filter(({level}) => level === 'warn'),
		[],
	);
});

test('a member that stands still with its connections open is left for another', async t => {
	const etcd = await startCluster(t);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'v0');
	const still = etcd.members.find(({endpoint}) => endpoint === host.state().endpoint);
	still?.pause();
	try {
		const others = etcd.members.filter(member => member !== still);
		await retry(() => etcd.put(`${prefix}10-a.yaml`, allows('v1'), {members: others}));
		await host.until(loaded => peersOf(loaded) === 'v1');
		t.not(host.state().endpoint, still?.endpoint);
	} finally {
		still?.resume();
	}
});

test('one member of three hears of no change: who hangs on it leaves it', async t => {
	const etcd = await startCluster(t);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'v0');
	const ours = etcd.members.find(({endpoint}) => endpoint === host.state().endpoint);
	const others = etcd.members.filter(member => member !== ours);
	others.forEach(member => member.pause());
	await host.until((_, {endpoint}) => endpoint === null);
	t.is(peersOf(host.now()), 'v0');
	others.forEach(member => member.resume());
	await retry(() => etcd.put(`${prefix}10-a.yaml`, allows('v1')));
	await host.until(loaded => peersOf(loaded) === 'v1');
});

test('what etcd has compacted while we were away is no loss', async t => {
	const etcd = await startCluster(t, {members: 1});
	const [member] = etcd.members;
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'v0');
	member?.pause();
	await host.until((_, {endpoint}) => endpoint === null);
	member?.resume();
	for (let count = 1; count <= 20; count++) {
		await etcd.put(`${prefix}10-a.yaml`, allows(`v${count}`));
	}
	const {header} = JSON.parse(await etcd.ctl(['get', 'x', '-w', 'json'])) as {
		header: {revision: number};
	};
	await etcd.ctl(['compact', `${header.revision}`]);
	await etcd.put(`${prefix}20-b.yaml`, allows('b'));
	await host.until(loaded => peersOf(loaded) === 'v20,b');
	t.is(host.state().problem, null);
});

test('an etcd that was made anew with the same keys and revisions is read anew', async t => {
	const etcd = await startCluster(t, {members: 1});
	await etcd.put(`${prefix}10-a.yaml`, allows('old'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'old');
	const [member] = etcd.members;
	await member?.kill();
	await rm(join(etcd.dir, member?.name ?? ''), {recursive: true});
	await member?.start();
	await retry(() => etcd.put(`${prefix}10-a.yaml`, allows('new')));
	await host.until(loaded => peersOf(loaded) === 'new');
	t.is(host.state().revision, 2);
});

async function retry(act: () => Promise<void>): Promise<void> {
	for (let tries = 0; ; tries++) {
		try {
			return await act();
		} catch (error) {
			if (tries > 30) {
				throw error;
			}
			await new Promise(resolve => setTimeout(resolve, 200));
		}
	}
}
