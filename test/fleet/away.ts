// SPDX-License-Identifier: MIT
import {chmod, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startCluster} from './harness/cluster.ts';
import {allows, configOf, peersOf, prefix, startHost} from './harness/host.ts';
import {until} from './harness/until.ts';

async function place(t: ExecutionContext): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-kept-'));
	t.teardown(() => rm(dir, {recursive: true}));

	return join(dir, 'fleet.json');
}

const kept = async (path: string) => await readFile(path, 'utf8').catch(() => '');

test('what was good stays in force while etcd is away, and over a restart', async t => {
	const etcd = await startCluster(t, {members: 1});
	const [member] = etcd.members;
	const keptIn = await place(t);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const config = configOf(etcd.endpoints);
	const host = await startHost(t, config, {keptIn});
	await host.until(loaded => peersOf(loaded) === 'v0');
	await until(async () => (await kept(keptIn)).includes('v0'));
	t.is((await stat(keptIn)).mode & 0o777, 0o600);

	await member?.kill();
	await host.until((_, {endpoint}) => endpoint === null);
	t.like(host.state(), {in_force: true, documents: 1});
	t.regex(host.state().problem ?? '', /^http.*(ECONNREFUSED|broke)/);
	t.deepEqual(host.now()?.errors, []);
	t.is(peersOf(host.now()), 'v0');
	await host.stop();

	const again = await startHost(t, config, {keptIn, files: {'05.yaml': allows('file')}});
	await again.until(loaded => peersOf(loaded) === 'file,v0');
	t.like(again.state(), {endpoint: null, in_force: true, revision: host.state().revision});
	await member?.start();
	await again.until((_, {endpoint}) => endpoint !== null);
	await etcd.put(`${prefix}10-a.yaml`, allows('v1'));
	await again.until(loaded => peersOf(loaded) === 'file,v1');
	await until(async () => (await kept(keptIn)).includes('v1'));
});

test('who never heard of etcd allows nothing, until it answers', async t => {
	const etcd = await startCluster(t, {members: 1});
	const [member] = etcd.members;
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	await member?.kill();
	const files = {'05.yaml': allows('file')};
	const host = await startHost(t, configOf(etcd.endpoints), {files});
	const {errors} = await host.until(() => true);
	t.is(peersOf(host.now()), '');
	t.regex(errors[0]?.message ?? '', /^etcd:\/coloop\/policy\/.* got none: http.*ECONNREFUSED/);
	await member?.start();
	await host.until(loaded => peersOf(loaded) === 'file,v0');
});

test('a document that is broken keeps the last good ones, over a restart too', async t => {
	const etcd = await startCluster(t, {members: 1});
	const keptIn = await place(t);
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const config = configOf(etcd.endpoints);
	const host = await startHost(t, config, {keptIn});
	await host.until(loaded => peersOf(loaded) === 'v0');
	await until(async () => (await kept(keptIn)).includes('v0'));
	const {revision} = host.state();

	await etcd.put(`${prefix}20-b.yaml`, 'version: 1\naccept:\n  - allow: [x]\n');
	const broken = await host.until(({errors}) => errors.length > 0);
	t.regex(
		broken.errors[0]?.message ?? '',
		/^etcd:\/coloop\/policy\/20-b\.yaml:3:12: error: accept\[0\]\.allow: expected /,
	);
	t.is(peersOf(broken), 'v0');
	t.like(host.state(), {in_force: false, documents: 2, problem: null});
	t.true((host.state().revision ?? 0) > (revision ?? 0));
	await host.stop();

	const again = await startHost(t, config, {keptIn});
	await again.until(({errors}) => errors.length > 0);
	t.is(peersOf(again.now()), 'v0');
	t.false((await kept(keptIn)).includes('20-b'));
	await etcd.put(`${prefix}20-b.yaml`, allows('b'));
	await again.until(loaded => peersOf(loaded) === 'v0,b');
	t.true(again.state().in_force);
});

test('a copy that others may write, or of something else, is no policy', async t => {
	const etcd = await startCluster(t, {members: 1});
	const config = configOf(etcd.endpoints);
	await etcd.members[0]?.kill();
	const good = JSON.stringify({
		...{version: 1, prefix, revision: 5, confirmed: 1},
		documents: [{key: `${prefix}10-a.yaml`, mod_revision: 5, text: allows('kept')}],
	});
	const cases: ReadonlyArray<readonly [text: string, mode: number, peers: string]> = [
		[good, 0o600, 'kept'],
		[good, 0o666, ''],
		[good.slice(0, -5), 0o600, ''],
		[good.replace('"version":1', '"version":2'), 0o600, ''],
		[good.replaceAll(prefix, '/other/'), 0o600, ''],
		[good.replace('"key":"/coloop', '"key":"/x'), 0o600, ''],
		[good.replace('allow: kept', 'alow: kept'), 0o600, ''],
		[good.replace('version: 1', 'include: [/etc/x.yaml]\\nversion: 1'), 0o600, ''],
		['', 0o600, ''],
		['\0'.repeat(100), 0o600, ''],
	];
	const check = async ([text, mode, peers]: (typeof cases)[number]) => {
		const keptIn = await place(t);
		await writeFile(keptIn, text);
		await chmod(keptIn, mode);
		const host = await startHost(t, config, {keptIn});
		const {errors} = await host.until(() => true);
		t.is(peersOf(host.now()), peers, text);
		t.is(errors.length, peers === '' ? 1 : 0, text);
	};
	await Promise.all(cases.map(check));
});
