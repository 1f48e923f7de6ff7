// SPDX-License-Identifier: MIT
import {chmod, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {edit} from '../../../userland/cli/policy-edit.ts';
import {dotOf, graphOf, svgOf} from '../../../userland/cli/policy-graph.ts';
import {tokenOf} from '../../../userland/cli/policy-read.ts';
import {suggestedPolicy, suggestionsFrom} from '../../../userland/cli/policy-suggest.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {pairStatus, peerStatus, statusOf} from '../control/_status.ts';
import {coloop, run, says} from './_coloop.ts';

async function folder(t: ExecutionContext, files: Record<string, string>) {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-policy-'));
	t.teardown(() => rm(dir, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(dir, name), text, {mode: 0o644});
	}

	return dir;
}

const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';
const site = `version: 1
tags:
  db: [db-*]
pairs:
  - deny: ['*', vault]
  - allow: [web-1, tag: db]
    queues: 2
  - allow: [x, {uuid: ${uuid}}]
    mode: audit
accept:
  - deny: b
  - allow: '*'
`;

test('policy test says what decided, and what was looked at before', async t => {
	const dir = await folder(t, {'30-a.yaml': site});
	const say = async (...names: string[]) => run(['policy', 'test', '-d', dir, ...names]);
	t.deepEqual(await say('web-1', 'db-2'), {
		status: 0,
		out: ['web-1 <-> db-2: allow (30-a.yaml:6:5)', '  passed: 30-a.yaml:5:5 deny ["*", vault]'],
		err: '',
	});
	t.deepEqual((await say('web-1', 'vault')).out, ['web-1 <-> vault: deny (30-a.yaml:5:5)']);
	t.is((await say('web-1', 'vault')).status, 1);
	const none = await say('a', 'c');
	t.is(none.out[0], 'a <-> c: deny (no rule matches, and that is deny)');
	t.is(none.out[1], '  passed: 2 rules that name neither, or only one');
	const [text = ''] = (await run(['policy', 'test', '-j', '-d', dir, 'b'])).out;
	t.like(JSON.parse(text), {
		...{a: 'b', b: null, verdict: 'deny', rule: '30-a.yaml:11:5', rule_text: 'deny b'},
		...{passed: [], rules_before: 0, now: null},
	});
});

test('policy test says of packets which way they take', async t => {
	const dir = await folder(t, {
		'30-a.yaml': `version: 1
pairs:
  - allow: [web, db]
    only: [{proto: tcp, ports: [5432]}]
    except: [{from: {addresses: [10.9.0.0/16]}}]
`,
	});
	const ask = async (...words: string[]) =>
		run(['policy', 'test', '-d', dir, 'web', 'db', ...words]);
	const says = [
		'  diverts only: tcp port 5432 at either end',
		'  diverts except: any from 10.9.0.0/16',
	];
	t.deepEqual(await ask('--proto', 'tcp', '--port', '5432', '--from', '10.1.0.1'), {
		status: 0,
		out: ['web <-> db: allow (30-a.yaml:3:5)', '  such packets take the channel', ...says],
		err: '',
	});
	t.is((await ask('--proto', 'udp')).status, 1);
	t.is((await ask('--proto', 'udp')).out[1], '  such packets take the ordinary path');
	t.is((await ask('--proto', 'tcp', '--port', '5432', '--from', '10.9.0.1')).status, 1);
	t.regex((await ask('--proto', 'tcp', '--port', '5432')).out[1] ?? '', /^ {2}some such packets/);
	t.is((await ask('--port', '70000')).status, 2);
	t.is((await ask('--proto', 'icmp', '--port', '7')).status, 2);
	t.is((await ask('--from', '10.0.0.1', '--to', 'fd00::1')).status, 2);
	t.is((await ask('--proto', 'tpc')).status, 2);
	const [graph = ''] = (await run(['policy', 'graph', '-d', dir])).out;
	t.true(graph.includes('only: tcp port 5432 at either end'));
	const [effective = ''] = (await run(['policy', 'show', '-d', dir])).out;
	t.deepEqual(
		parsePolicy(effective, 'x').pairs[0]?.only,
		parsePolicy(effective, 'y').pairs[0]?.only,
	);
	t.true(effective.includes('    only: [{proto: tcp, ports: [5432]}]'));
});

test('what is suggested is no wider than what was counted', t => {
	const policy = parsePolicy(
		'version: 1\npairs:\n  - allow: [a, b]\n    mode: audit\n    only: [{proto: tcp, ports: [5432]}]\n',
		'x.yaml',
	);
	const pairs = [pairStatus({rule: 'x.yaml:3:5', audited_packets: 3})];
	const text = suggestedPolicy(suggestionsFrom({pairs, peers: []}, policy));
	t.deepEqual(parsePolicy(text, 'y').pairs[0]?.only, [{proto: 'tcp', ports: [5432]}]);
});

test('policy test asks coloopd who is meant, by UUID and whether the name is shared', async t => {
	const dir = await folder(t, {'30-a.yaml': site});
	const meant = (is_name_shared?: true) => [
		{name: 'x', domid: 3, uuid: null},
		{name: 'y', domid: 4, uuid, ...(is_name_shared && {is_name_shared})},
	];
	const {out} = await coloop(
		says(statusOf({meant: meant(true)})),
		...['policy', 'test', '-d', dir, '3', '4'],
	);
	t.is(out[0], 'x <-> y: allow (30-a.yaml:8:5)');
	const shared = says(statusOf({meant: [{name: 'web-1', domid: 3, is_name_shared: true}, null]}));
	const denied = await coloop(shared, 'policy', 'test', '-d', dir, 'web-1', 'db-1');
	t.is(denied.out[0], 'web-1 <-> db-1: deny (no rule matches, and that is deny)');
	t.is(denied.status, 1);
});

test('what is effective is told as one file, and means the same', async t => {
	const more = 'version: 1\nhost_silence_s: never\ntags:\n  db: [{name: "d*"}]\naccept: []\n';
	const limits =
		'version: 1\nlimits:\n  - domain: {tag: db}\n    rate: 1.5 Gbit/s\n    addresses: [10.0.0.0/8]\n';
	const files = {'30-a.yaml': site, '40-b.yaml': more, '50-c.yaml': limits};
	const dir = await folder(t, files);
	const {out} = await run(['policy', 'show', '--effective', '-d', dir]);
	const text = out.join('\n');
	t.true(text.includes(`token ${await tokenOf(dir)}`));
	t.true(
		text.includes('  # 30-a.yaml:6:5\n  - allow: [web-1, {tag: db}]\n    queues: 2\n'),
		text,
	);
	const copy = await folder(t, {'10-all.yaml': text});
	const strip = (json: string) => json.replaceAll(/"(?:source|rule)": "[^"]*"/g, '');
	const effective = async (of: string) => {
		const [json = ''] = (await run(['policy', 'show', '-j', '-d', of])).out;
		const {pairs, accept, limits, host_silence_s, tags} = JSON.parse(json);
		t.is(limits.length, 1);
		const members = tags.flatMap((tag: {members: unknown[]}) => tag.members);

		return strip(
			JSON.stringify({pairs, accept, limits, host_silence_s, members}, undefined, 1),
		);
	};
	t.is(await effective(copy), await effective(dir));

	const diff = await run(['policy', 'diff', '-d', copy, join(copy, '10-all.yaml')]);
	t.deepEqual([diff.status, diff.out], [0, []], 'applying it where it is changes nothing');
});

test('diff and apply --dry-run say what would change, and change nothing', async t => {
	const dir = await folder(t, {'30-a.yaml': site});
	const other = await folder(t, {
		'30-a.yaml': site.replace('queues: 2', 'queues: 4').replace("  - allow: '*'\n", ''),
	});
	const file = join(other, '30-a.yaml');
	for (const words of [['diff'], ['apply', '--dry-run']]) {
		const {status, out, err} = await run(['policy', ...words, '-d', dir, file]);
		t.is(status, 0);
		t.deepEqual(out, [
			'- pairs: allow [web-1, {tag: db}], queues: 2 (30-a.yaml:6:5)',
			'+ pairs: allow [web-1, {tag: db}], queues: 4 (30-a.yaml:6:5)',
			'- accept: allow "*" (30-a.yaml:12:5)',
		]);
		t.is(err, `${dir}/30-a.yaml: token ${await tokenOf(dir)}`);
	}
	t.is(await readFile(join(dir, '30-a.yaml'), 'utf8'), site);
	t.deepEqual(await readdir(dir), ['30-a.yaml']);
});

test('diff says what becomes of limits, for people and for programs', async t => {
	const dir = await folder(t, {
		'30-a.yaml': `${site}limits:\n  - domain: web-*\n    rate: 10 Mbit/s\n`,
	});
	const other = await folder(t, {
		'30-a.yaml': `${site}limits:\n  - domain: web-*\n    addresses: []\n    guards: [dhcp]\n`,
	});
	const file = join(other, '30-a.yaml');
	const {out} = await run(['policy', 'diff', '-d', dir, file]);
	t.deepEqual(out, [
		'- limits: web-*, rate: 10 Mbit/s (30-a.yaml:14:5)',
		'+ limits: web-*, addresses: [], guards: [dhcp] (30-a.yaml:14:5)',
	]);
	const [json = ''] = (await run(['policy', 'diff', '-j', '-d', dir, file])).out;
	t.like(JSON.parse(json).changes, [
		{sign: '-', where: 'limits', text: 'web-*, rate: 10 Mbit/s', rule: '30-a.yaml:14:5'},
		{sign: '+', where: 'limits', text: 'web-*, addresses: [], guards: [dhcp]'},
	]);
});

test('apply installs one file in one step, if the whole policy is sound with it', async t => {
	const dir = await folder(t, {'30-a.yaml': site});
	const from = await folder(t, {
		...{'50-new.yaml': 'version: 1\naccept:\n  - allow: {tag: db}\n'},
		...{'60-bad.yaml': 'version: 1\naccept:\n  - allow: {tag: none}\n', 'x.conf': site},
	});
	const apply = (...words: string[]) => run(['policy', 'apply', '-d', dir, ...words]);
	t.is((await apply(join(from, '50-new.yaml'))).status, 0);
	t.deepEqual(await readdir(dir), ['30-a.yaml', '50-new.yaml']);

	const bad = await apply(join(from, '60-bad.yaml'));
	t.is(bad.status, 1);
	t.regex(bad.err, /60-bad\.yaml:3:5: error: accept: expected a tag that a file gives/);
	const odd = await apply(join(from, 'x.conf'));
	t.is(odd.status, 2);
	t.regex(odd.err, /expected a name that ends in \.yaml and has no \/, got x\.conf/);
	t.is((await apply('--as', '../x.yaml', join(from, 'x.conf'))).status, 2);
	t.is((await apply(join(from, 'none.yaml'))).status, 2);
	t.deepEqual(await readdir(dir), ['30-a.yaml', '50-new.yaml']);
	t.is((await apply('--as', '70-x.yaml', join(from, 'x.conf'))).status, 0);
	t.is(await readFile(join(dir, '70-x.yaml'), 'utf8'), site);
});

test('who looked before another changed the policy is told so, and changes nothing', async t => {
	const dir = await folder(t, {'30-a.yaml': site});
	const from = await folder(t, {'50-b.yaml': 'version: 1\n'});
	const token = await tokenOf(dir);
	const apply = () =>
		run(['policy', 'apply', '-d', dir, '--token', token, join(from, '50-b.yaml')]);
	await writeFile(join(dir, '40-other.yaml'), 'version: 1\n', {mode: 0o644});
	const late = await apply();
	t.is(late.status, 1);
	t.regex(late.err, new RegExp(`has changed since token ${token}`));
	t.deepEqual(await readdir(dir), ['30-a.yaml', '40-other.yaml']);
	await rm(join(dir, '40-other.yaml'));
	t.is((await apply()).status, 0, 'as it was before');
});

test('of two who apply at once one waits for nobody and says so, or both are done', async t => {
	const dir = await folder(t, {});
	const from = await folder(t, {'10-a.yaml': 'version: 1\n', '20-b.yaml': 'version: 1\n'});
	const token = await tokenOf(dir);
	const both = await Promise.all(
		['10-a.yaml', '20-b.yaml'].map(name =>
			run(['policy', 'apply', '-d', dir, '--token', token, join(from, name)]),
		),
	);
	t.deepEqual(both.map(({status}) => status).sort(), [0, 1]);
	t.is((await readdir(dir)).length, 1);
});

test('while another changes the policy apply says so', async t => {
	const dir = await folder(t, {});
	const from = await folder(t, {'10-a.yaml': 'version: 1\n'});
	const other = spawn('flock', [dir, 'sh', '-c', 'echo locked; cat'], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	await once(other.stdout, 'data');
	const held = await run(['policy', 'apply', '-d', dir, join(from, '10-a.yaml')]);
	t.is(held.status, 1);
	t.regex(held.err, /another coloop changes the policy; try again/);
	other.stdin.end();
	await once(other, 'close');
	t.is((await run(['policy', 'apply', '-d', dir, join(from, '10-a.yaml')])).status, 0);
	t.deepEqual(await readdir(dir), ['10-a.yaml']);
});

test('edit installs what the editor leaves, and nothing that is broken', async t => {
	const dir = await folder(t, {'30-a.yaml': 'version: 1\n'});
	const editors = await folder(t, {
		'good.sh': '#!/bin/sh\nshift $(($# - 1))\necho "accept: [{allow: a}]" >> "$1"\n',
		'bad.sh':
			'#!/bin/sh\nshift $(($# - 1))\necho "accept: [{alow: a}]" > "$1"\necho "version: 1" >> "$1"\n',
	});
	await Promise.all(['good.sh', 'bad.sh'].map(name => chmod(join(editors, name), 0o755)));
	type Ask = (message: string) => Promise<boolean>;
	const by = (editor: string, ask?: Ask) =>
		edit({directory: dir, name: '30-a.yaml', ask, editor});
	const file = () => readFile(join(dir, '30-a.yaml'), 'utf8');

	t.is(await by('true'), undefined);
	await t.throwsAsync(by('false'), {message: 'the editor (false) ended with 1'});
	await t.throwsAsync(by(`${editors}/bad.sh with words`), {
		message: /30-a\.yaml:1:10: error: accept\[0\]: expected a rule/,
	});
	const asked: string[] = [];
	await t.throwsAsync(
		by(`${editors}/bad.sh -w`, async message => {
			asked.push(message);

			return asked.length < 2;
		}),
	);
	t.is(asked.length, 2, 'again, as was wanted');
	t.is(await file(), 'version: 1\n');
	t.is((await by(`${editors}/good.sh -w`))?.changes.length, 1);
	t.is(await file(), 'version: 1\naccept: [{allow: a}]\n');
});

test('the rules for pairs as a graph', async t => {
	const graph = graphOf(parsePolicy(site.replace('web-1', '"a\\"b\\\\"'), 'x.yaml'));
	t.is(
		dotOf(graph),
		`graph coloop {
	node [shape=box];
	"*";
	"vault";
	"a\\"b\\\\";
	"{tag: \\"db\\"}";
	"x";
	"{uuid: \\"${uuid}\\"}";
	"*" -- "vault" [label="1", tooltip="x.yaml:5:5", color=red, style=dashed];
	"a\\"b\\\\" -- "{tag: \\"db\\"}" [label="2", tooltip="x.yaml:6:5", color=darkgreen];
	"x" -- "{uuid: \\"${uuid}\\"}" [label="3", tooltip="x.yaml:8:5", color=blue, style=dotted];
}`,
	);
	const tools = await folder(t, {dot: '#!/bin/sh\ntest "$1" = -Tsvg && echo "<svg>" && cat\n'});
	await chmod(join(tools, 'dot'), 0o755);
	t.is(await svgOf(graph, join(tools, 'dot')), `<svg>\n${dotOf(graph)}`);
	await t.throwsAsync(svgOf(graph, join(tools, 'none')), {
		message: /could not be started: .*ENOENT/,
	});
	await t.throwsAsync(svgOf(graph, 'false'), {message: 'false ended with 1'});
});

test('suggested are rules for what was audited, none wider than that, the busiest first', t => {
	const end = (name: string, domid: number, more = {}) => ({name, domid, uuid: null, ...more});
	const pairs = [
		pairStatus({a: end('web-1', 1), b: end('db', 2), audited_packets: 7, rule: '9.yaml:3:5'}),
		pairStatus({a: end('Domain-0', 0), b: end('odd *', 4), audited_packets: 90}),
		pairStatus({a: end('web-1', 1), b: end('any-guest', 5), audited_packets: 1}),
		pairStatus({a: end('quiet', 6), b: end('db', 2), audited_packets: 0}),
		pairStatus({a: end('busy', 7), b: end('db', 2)}),
	];
	const found = suggestionsFrom(statusOf({pairs}));
	const text = suggestedPolicy(found);
	t.is(
		text,
		`version: 1
pairs:
  # 90 packets
  - allow: [dom0, {name: odd *}]
  # 7 packets
  - allow: [web-1, db]
  # 1 packets
  - allow: [web-1, {name: any-guest}]`,
	);
	t.deepEqual(
		parsePolicy(text, 'x.yaml').pairs.map(({between}) => between),
		[
			['dom0', {name: 'odd *'}],
			['web-1', 'db'],
			['web-1', {name: 'any-guest'}],
		],
	);
	const peers = [peerStatus({peer: '7', domid: 3, audited_packets: 5})];
	t.is(
		suggestedPolicy(suggestionsFrom(statusOf({pairs: null, peers}))),
		'version: 1\naccept:\n  # 5 packets\n  - allow: "7"',
	);
});
