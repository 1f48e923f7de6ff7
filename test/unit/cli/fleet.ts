// SPDX-License-Identifier: MIT
import {mkdtemp, mkdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {main} from '../../../userland/cli/main.ts';
import type {Status} from '../../../userland/control/protocol.ts';
import {statusOf} from '../control/_status.ts';
import {now, says, withDaemon} from './_coloop.ts';

async function folder(t: ExecutionContext, files: Record<string, string>): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-fleet-'));
	t.teardown(() => rm(dir, {recursive: true}));
	await mkdir(join(dir, 'p'));
	for (const [name, text] of Object.entries(files)) {
		/* As a checkout with umask 002 has them. */
		await writeFile(join(dir, name), text, {mode: 0o664});
	}

	return dir;
}

async function coloop(...argv: string[]) {
	const lines: string[] = [];
	const say = (line: string) => void lines.push(line);
	const exit = await main(argv, {out: say, err: say, now: () => now});

	return {exit, text: lines.join('\n')};
}

const accept = (who: string) => `version: 1\naccept:\n  - allow: ${who}\n`;

test('lint says what hosts would, whoever may write the files', async t => {
	const dir = await folder(t, {
		'p/10-a.yaml': 'version: 1\ntags: {web: [web-1]}\npairs:\n  - allow: [tag: web, db]\n',
		'p/20-b.yaml': accept('{tag: web}'),
		'p/README.md': '# Policies',
	});
	t.deepEqual(await coloop('fleet', 'lint', join(dir, 'p')), {exit: 0, text: ''});
	await writeFile(join(dir, 'p/30-c.yaml'), 'version: 1\ninclude: [10-a.yaml]\n');
	await writeFile(join(dir, 'p/40-d.yaml'), accept('{tag: app}'));
	await writeFile(join(dir, 'p/50-e.yaml'), accept('[x]'));
	const {exit, text} = await coloop('fleet', 'lint', join(dir, 'p'));
	t.is(exit, 1);
	t.regex(text, /p\/30-c\.yaml:2:11: error: include: expected no include in a document of etcd/);
	t.regex(text, /^\S+p\/50-e\.yaml:3:12: error: accept\[0\]\.allow: /m);
	t.false(text.includes('etcd:/'), text);
	const json = JSON.parse((await coloop('fleet', 'lint', '-j', join(dir, 'p'))).text) as {
		errors: string[];
	};
	t.is(json.errors.length, 2);
	await rm(join(dir, 'p/30-c.yaml'));
	await rm(join(dir, 'p/50-e.yaml'));
	const unknown = await coloop('fleet', 'lint', join(dir, 'p'));
	t.regex(unknown.text, /p\/40-d\.yaml:3:\d+: error: .*app/);
	t.is(unknown.exit, 1);
});

test('with an inventory, names and UUIDs that no domain has are warned of', async t => {
	const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';
	const dir = await folder(t, {
		'p/10-a.yaml': `version: 1\naccept: [{allow: web-1}, {allow: web-2}, {allow: dom0}, {allow: {uuid: ${uuid}}}]\n`,
		'hosts.yaml': `version: 1\nhosts:\n  xen-1: [web-1]\n  xen-2:\n    - {name: db, uuid: ${uuid.toUpperCase()}}\n`,
	});
	const {exit, text} = await coloop(
		...['fleet', 'lint', join(dir, 'p'), '--hosts', join(dir, 'hosts.yaml')],
	);
	t.is(exit, 0);
	t.regex(text, /10-a\.yaml:2:\d+: warning: .*web-2/);
	t.is(text.split('\n').length, 1, text);
});

const inventories: ReadonlyArray<readonly [text: string, said: RegExp]> = [
	['', /hosts\.yaml:1:1: error: policy: expected a map, got nothing/],
	['version: 1\n', /1:1: error: hosts: expected a map of hosts/],
	['version: 1\nhosts: {a: b}\n', /2:12: error: hosts\.a: expected a list of domains/],
	['version: 1\nhosts: {a: [7]}\n', /2:13: error: hosts\.a\[0\]: expected the name of a domain/],
	['version: 1\nhosts: {a: [{name: b, uuid: c}]}\n', /2:\d+: error: hosts\.a\[0\]/],
	['version: 1\nhosts: {}\nx: 1\n', /3:1: error: x: expected a key that is known here/],
];

for (const [text, said] of inventories) {
	test(`an inventory is refused: ${JSON.stringify(text)}`, async t => {
		const dir = await folder(t, {'hosts.yaml': text});
		const ended = await coloop(
			...['fleet', 'lint', join(dir, 'p'), '--hosts', join(dir, 'hosts.yaml')],
		);
		t.is(ended.exit, 1);
		t.regex(ended.text, said);
	});
}

test('what is too much for etcd is too much for lint', async t => {
	const dir = await folder(t, {'p/10.yaml': `${accept('x')}# ${'x'.repeat(1_100_000)}\n`});
	const large = await coloop('fleet', 'lint', join(dir, 'p'));
	t.regex(large.text, /p\/10\.yaml:1:1: error: file: .* got more than 1048576 bytes/);
	await rm(join(dir, 'p/10.yaml'));
	for (let index = 0; index < 121; index++) {
		await writeFile(join(dir, `p/1${index}.yaml`), 'version: 1\n');
	}
	const many = await coloop('fleet', 'lint', join(dir, 'p'));
	t.regex(many.text, /p:1:1: error: file: expected at most 120 documents, got more/);
	t.is((await coloop('fleet', 'lint', join(dir, 'none'))).exit, 2);
});

type State = NonNullable<Status['fleet']>;

const state: State = {
	...{source: 'etcd:/coloop/policy/', endpoint: 'https://e:2379', revision: 42, token: 'abc'},
	...{documents: 2, in_force: true, confirmed: now - 3, problem: null},
};

const texts: ReadonlyArray<readonly [change: Partial<State>, text: string, exit: number]> = [
	[
		{},
		'etcd:/coloop/policy/ revision 42, 2 documents, confirmed by https://e:2379 3 seconds ago',
		0,
	],
	[
		{in_force: false, documents: 1},
		'etcd:/coloop/policy/ revision 42, 1 document, not in force: the last good policy is, confirmed by https://e:2379 3 seconds ago',
		1,
	],
	[
		{endpoint: null, problem: 'e: refused', confirmed: now - 7200},
		'etcd:/coloop/policy/ revision 42, 2 documents, etcd is away, last heard 2 hours ago: e: refused',
		0,
	],
	[
		{
			...{endpoint: null, revision: null, token: null, documents: 0, in_force: false},
			...{confirmed: null, problem: 'e: refused'},
		},
		'etcd:/coloop/policy/ never read, so nothing is allowed, etcd is away: e: refused',
		1,
	],
];

for (const [change, text, exit] of texts) {
	test(`status: ${text}`, async t => {
		const fleet = {...state, ...change};
		await withDaemon(says(statusOf({fleet})), async socket => {
			const overview = await coloop('--socket', socket, 'status');
			t.true(overview.text.includes(`\nfleet:      ${text}\n`), overview.text);
			const own = await coloop('--socket', socket, 'fleet', 'status');
			t.is(own.exit, exit);
			t.regex(own.text, /^source: {5}etcd:\/coloop\/policy\/\nrevision: {3}/);
			const json = await coloop('--socket', socket, 'fleet', 'status', '-j');
			t.deepEqual((JSON.parse(json.text) as {fleet: unknown}).fleet, fleet);
		});
	});
}

test('where there is no fleet, that is said', async t => {
	await withDaemon(says(statusOf()), async socket => {
		t.regex((await coloop('--socket', socket, 'fleet', 'status')).text, /^no fleet: /);
		t.false((await coloop('--socket', socket, 'status')).text.includes('fleet:'));
	});
	const put = await coloop('fleet', 'put', '/tmp', '-c', '/nowhere/fleet.yaml');
	t.is(put.exit, 2);
	t.regex(put.text, /\/nowhere\/fleet\.yaml: no such file, so there is no fleet/);
});
