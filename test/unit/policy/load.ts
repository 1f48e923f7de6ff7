// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {emptyPolicy, loadPolicy} from '../../../userland/policy/load.ts';

const good = (name: string) => `version: 1\naccept:\n  - allow: ${name}\n`;

async function directory(
	t: {teardown(fn: () => unknown): void},
	files: Record<string, string>,
): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-policy-'));

	t.teardown(() => rm(dir, {recursive: true}));
	for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);

	return dir;
}

test('files are read in byte order, and others are left alone', async t => {
	const dir = await directory(t, {
		'b.yaml': good('n4'),
		'10-x.yaml': good('n1'),
		'9-x.yaml': good('n2'),
		'B.yaml': good('n3'),
		'.#b.yaml': 'an editor at work',
		'b.yaml~': 'a backup',
		README: 'text',
	});
	const {policy, errors} = await loadPolicy(dir);

	t.deepEqual(errors, []);
	t.deepEqual(
		policy.accept.map(rule => [rule.peer, rule.source.file]),
		[
			['n1', '10-x.yaml'],
			['n2', '9-x.yaml'],
			['n3', 'B.yaml'],
			['n4', 'b.yaml'],
		],
	);
});

test('one broken file is deny all, and every broken file is told', async t => {
	const dir = await directory(t, {
		'1.yaml': good('a'),
		'2.yaml': 'version: 3',
		'3.yml': good('b'),
	});
	const {policy, errors} = await loadPolicy(dir);

	t.is(policy, emptyPolicy);
	t.deepEqual(
		errors.map(error => error.message),
		[
			'2.yaml:1:10: error: version: expected 1, got 3',
			'3.yml:1:1: error: file: expected a name that ends in .yaml, got .yml',
		],
	);
});

test('the first file that says how long dom0 may be silent is heard', async t => {
	const say = (seconds: unknown) => `version: 1\nhost_silence_s: ${String(seconds)}\n`;
	const silence = async (...said: string[]) => {
		const files = said.map((one, index) => [`${index}.yaml`, one] as const);
		return (await loadPolicy(await directory(t, Object.fromEntries(files)))).hostSilenceS;
	};

	t.is(await silence(good('a')), 60);
	t.is(await silence(good('a'), say(600), say('never')), 600);
	t.is(await silence(say('never'), say(600)), undefined);
	t.is(await silence(say(600), 'version: 3'), 60, 'a broken policy says nothing');
});

test('no directory is an empty policy and no error', async t => {
	t.deepEqual(await loadPolicy('/nonexistent/policy.d'), {
		policy: emptyPolicy,
		hostSilenceS: 60,
		errors: [],
		dir: undefined,
	});
});

test('of several directories the first that exists counts', async t => {
	const dir = await directory(t, {'1.yaml': good('a')});

	t.is((await loadPolicy(['/nonexistent', dir, '/'])).dir, dir);
});

test('a directory that cannot be read is an error', async t => {
	const readers = {
		readdir: () =>
			Promise.reject(Object.assign(new Error('EACCES: permission denied'), {code: 'EACCES'})),
		readFile: () => Promise.reject(new Error('unused')),
	};
	const {policy, errors} = await loadPolicy('/etc/coloop/policy.d', readers);

	t.is(policy, emptyPolicy);
	t.is(
		errors[0]?.message,
		'/etc/coloop/policy.d:1:1: error: file: expected a directory that can be read, got EACCES',
	);
});

test('pipes, folders and dangling links are errors, not traps', async t => {
	const dir = await directory(t, {});
	execFileSync('mkfifo', [join(dir, '1.yaml')]);
	await mkdir(join(dir, '2.yaml'));
	execFileSync('ln', ['-s', 'nowhere', join(dir, '3.yaml')]);
	const {errors} = await loadPolicy(dir);

	t.deepEqual(
		errors.map(error => error.message),
		[
			'1.yaml:1:1: error: file: expected a file that can be read, got not a regular file',
			'2.yaml:1:1: error: file: expected a file that can be read, got not a regular file',
			'3.yaml:1:1: error: file: expected a file that can be read, got ENOENT',
		],
	);
});

test('10 000 rules load', async t => {
	const rules = Array.from({length: 10_000}, (_, i) => `  - allow: [web-${i}, 'db-*']\n`).join(
		'',
	);
	const dir = await directory(t, {'1.yaml': `version: 1\npairs:\n${rules}`});
	const start = performance.now();
	const {policy} = await loadPolicy(dir);

	t.log(`${(performance.now() - start).toFixed(0)} ms`);
	t.is(policy.pairs.length, 10_000);
});
