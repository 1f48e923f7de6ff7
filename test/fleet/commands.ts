// SPDX-License-Identifier: MIT
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {main} from '../../userland/cli/main.ts';
import {startCluster, type Cluster} from './harness/cluster.ts';
import {allows, configOf, peersOf, prefix, startHost} from './harness/host.ts';

/** A place to work in, with the configuration of an etcd in it. */
async function desk(t: ExecutionContext, etcd: Pick<Cluster, 'endpoints'>) {
	const home = await mkdtemp(join(tmpdir(), 'coloop-desk-'));
	t.teardown(() => rm(home, {recursive: true}));
	const config = join(home, 'fleet.yaml');
	await writeFile(config, `version: 1\nendpoints: ${JSON.stringify(etcd.endpoints)}\n`);

	return {
		path: (name: string) => join(home, name),
		write: async (name: string, text: string) => {
			await mkdir(join(home, name, '..'), {recursive: true});
			await writeFile(join(home, name), text);
		},
		/** Directories are names here. */
		async fleet(verb: string, dir: string, ...words: string[]) {
			const lines: string[] = [];
			const out: string[] = [];
			const status = await main(
				[
					'fleet',
					verb,
					join(home, dir),
					...(verb === 'lint' ? [] : ['-c', config]),
					...words,
				],
				{
					out: line => void (out.push(line), lines.push(line)),
					err: line => void lines.push(line),
					now: () => 0,
				},
			);

			return {status, out: out.join('\n'), all: lines.join('\n').replaceAll(`${home}/`, '')};
		},
	};
}

test('what one puts another gets, hosts have it in one step, and both tell the same token', async t => {
	const etcd = await startCluster(t, {members: 1});
	const {fleet, write, path} = await desk(t, etcd);
	await write('mine/10-a.yaml', allows('a'));
	await write('mine/20-b.yaml', allows('b'));
	await write('mine/README.md', 'not a policy');
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until((_, {endpoint}) => endpoint !== null);

	const dry = await fleet('put', 'mine', '--dry-run');
	t.is(dry.status, 0, dry.all);
	t.regex(dry.all, /^\+ accept: allow a\n\+ accept: allow b\nwrite 10-a\.yaml\nwrite 20-b/);
	t.is(host.state().documents, 0);
	const put = await fleet('put', 'mine', '-j');
	const {revision, next} = JSON.parse(put.out) as {revision: number; next: string};
	await host.until(loaded => peersOf(loaded) === 'a,b');
	t.like(host.state(), {revision, token: next});
	t.false(host.seen.some(loaded => peersOf(loaded) === 'a'));

	const got = await fleet('get', 'theirs');
	t.is(got.all, `10-a.yaml\n20-b.yaml\ntheirs: token ${next}`);
	t.is(await readFile(path('theirs/10-a.yaml'), 'utf8'), allows('a'));
	await rm(path('theirs/20-b.yaml'));
	await write('theirs/30-c.yaml', allows('c'));
	const changed = await fleet('put', 'theirs');
	t.regex(changed.all, /^- accept: allow b\n\+ accept: allow c\nwrite 30-c.*\nremove 20-b/);
	await host.until(loaded => peersOf(loaded) === 'a,c');
	t.regex((await fleet('put', 'theirs')).all, /^the fleet has just that: token /);
	t.regex((await fleet('diff', 'theirs')).all, /^the fleet has just that: token /);
});

test('two administrators do not overwrite each other', async t => {
	const etcd = await startCluster(t, {members: 1});
	const {fleet, write} = await desk(t, etcd);
	await write('a/10.yaml', allows('first'));
	t.is((await fleet('put', 'a')).status, 0);
	await fleet('get', 'b');
	await write('a/10.yaml', allows('of-a'));
	await write('b/10.yaml', allows('of-b'));
	t.is((await fleet('put', 'a')).status, 0);
	const late = await fleet('put', 'b');
	t.is(late.status, 1);
	t.regex(
		late.all,
		/^coloop: etcd:\/coloop\/policy\/ has changed since token \w{16}\n {2}coloop fleet get/,
	);
	t.regex(await etcd.ctl(['get', `${prefix}10.yaml`]), /of-a/);

	const refused = await fleet('get', 'b');
	t.is(refused.status, 1);
	t.regex(refused.all, /b has changes that the fleet has not/);
	await write('c/10.yaml', allows('of-c'));
	const stranger = await fleet('put', 'c');
	t.is(stranger.status, 1);
	const token = /--token (\w{16}) replaces/.exec(stranger.all)?.[1] ?? '';
	t.is((await fleet('put', 'c', '--token', '0000000000000000')).status, 1);
	t.is((await fleet('put', 'c', '--token', token)).status, 0);
	t.is((await fleet('put', 'b')).status, 1);
	t.is((await fleet('put', 'b', '--force')).status, 0);
	t.regex(await etcd.ctl(['get', `${prefix}10.yaml`]), /of-b/);
});

test('of many who put at the same moment one does, and the others are told', async t => {
	const etcd = await startCluster(t, {members: 1});
	const {fleet, write, path} = await desk(t, etcd);
	await write('0/10.yaml', allows('start'));
	t.is((await fleet('put', '0')).status, 0);
	const all = Array.from({length: 8}, (_, index) => `desk-${index}`);
	for (const [index, dir] of all.entries()) {
		await fleet('get', dir);
		/* Some change a document, some add one, some remove one. */
		if (index % 3 === 2) {
			await rm(path(`${dir}/10.yaml`));
		}
		await write(`${dir}/${index % 3 === 0 ? '10' : `2${index}`}.yaml`, allows(`of-${index}`));
	}
	const ended = await Promise.all(all.map(dir => fleet('put', dir)));
	t.is(ended.filter(({status}) => status === 0).length, 1);
	const [winner] = ended.flatMap(({status}, index) => (status === 0 ? [index] : []));
	t.regex(await etcd.ctl(['get', '--prefix', prefix]), new RegExp(`of-${winner}\\b`));
	for (const {status, all: said} of ended.filter(each => each.status !== 0)) {
		t.is(status, 1);
		t.regex(said, /has changed (since token|just now, and nothing was put)/);
	}
});

test('what is broken is not put, and says where', async t => {
	const etcd = await startCluster(t, {members: 1});
	const {fleet, write, path} = await desk(t, etcd);
	await write('a/10.yaml', 'version: 1\naccept:\n  - alow: x\n');
	await write('a/20.yml', allows('x'));
	const {status, all} = await fleet('put', 'a');
	t.is(status, 1);
	t.regex(all, /^coloop: a\/10\.yaml:3:5: error: accept\[0\]: /);
	t.regex(all, /^a\/20\.yml:1:1: error: file: expected a name that ends in \.yaml/m);
	t.is(await etcd.ctl(['get', '--prefix', prefix]), '');

	await etcd.put(`${prefix}10.yaml`, 'garbage: [');
	await etcd.put(`${prefix}..yaml`, 'x');
	t.is((await fleet('get', 'b')).status, 0);
	t.deepEqual((await readdir(path('b'))).sort(), ['.coloop-fleet', '10.yaml']);
	await etcd.put(`${prefix}x/../../../20.yaml`, 'x');
	const evil = await fleet('get', 'c');
	t.is(evil.status, 1);
	t.regex(evil.all, /a name that is none of a file/);
	await t.throwsAsync(readdir(path('c')), {code: 'ENOENT'});
});

test('a member that is away is passed over; where all are, each says why', async t => {
	const etcd = await startCluster(t);
	const {fleet, write} = await desk(t, etcd);
	await write('a/10.yaml', allows('x'));
	await etcd.members[0]?.kill();
	await etcd.ctl(['endpoint', 'health'], {members: etcd.members.slice(1)});
	t.is((await fleet('put', 'a')).status, 0);
	await Promise.all(etcd.members.map(member => member.kill()));
	const {status, all} = await fleet('diff', 'a');
	t.is(status, 1);
	t.is(all.match(/ECONNREFUSED/g)?.length, 3);
	t.regex((await fleet('put', 'none')).all, /^coloop: none: ENOENT/);
});
