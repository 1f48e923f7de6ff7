// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {lint} from '../../../userland/cli/lint.ts';
import {loadPolicy} from '../../../userland/policy/load.ts';

const good = 'version: 1\naccept:\n  - allow: a\n';

async function folder(t: ExecutionContext, files: Record<string, string>) {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-lint-'));
	t.teardown(() => rm(dir, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(dir, name), text, {mode: 0o644});
	}

	return dir;
}

const world = {side: undefined};

test('lint says of a file what the daemon says of it in its directory', async t => {
	const files: Record<string, string> = {
		...{'good.yaml': good, 'bad.yaml': 'version: 2', 'old.yml': good, 'empty.yaml': ''},
		...{'odd.yaml': 'version: 1\naccept: [{allow: Dom0}]', 'bytes.yaml': '\u0000'},
	};
	for (const [name, text] of Object.entries(files)) {
		const dir = await folder(t, {[name]: text});
		const {errors, warnings} = await loadPolicy(dir);
		const daemon = {errors: errors.map(({message}) => message), warnings};
		t.deepEqual(await lint([join(dir, name)], world), daemon, name);
		t.deepEqual(await lint([dir], world), daemon, `the directory of ${name}`);
	}
});

test('lint reads what a file includes, and only doubts a tag that another file may give', async t => {
	const dir = await folder(t, {
		...{'1.yaml': 'version: 1\ninclude: [bad.inc]\n', 'bad.inc': 'version: 2\n'},
		'2.yaml': 'version: 1\naccept: [{deny: {tag: vault}}]\n',
	});
	const {errors} = await lint([join(dir, '1.yaml')], world);
	t.deepEqual(errors, [`${dir}/bad.inc:1:10: error: version: expected 1, got 2`]);
	const tag = await lint([join(dir, '2.yaml')], world);
	t.deepEqual(tag.errors, []);
	t.regex(tag.warnings.join(), /2\.yaml:2:10: warning: accept: expected a tag that a file gives/);
});

test('what the daemon does not read by its name is said, and looked at all the same', async t => {
	const dir = await folder(t, {'.hidden.yaml': good, 'site.conf': 'version: 2'});
	const {errors, warnings} = await lint(
		['.hidden.yaml', 'site.conf'].map(name => join(dir, name)),
		world,
	);
	t.deepEqual(errors, [`${dir}/site.conf:1:10: error: version: expected 1, got 2`]);
	t.is(warnings.length, 2);
	t.regex(warnings[0] ?? '', /\.hidden\.yaml:1:1: warning: file: is not read: its name/);
});

test('a pipe, a device and what is not there are errors, and none is waited for', async t => {
	const dir = await folder(t, {});
	execFileSync('mkfifo', [join(dir, 'pipe.yaml')]);
	const {errors} = await lint(
		[join(dir, 'pipe.yaml'), '/dev/zero', join(dir, 'none.yaml')],
		world,
	);
	t.deepEqual(errors, [
		`${dir}/pipe.yaml:1:1: error: file: expected a file that can be read, got not a regular file`,
		'/dev/zero:1:1: error: file: expected a file that can be read, got not a regular file',
		`${dir}/none.yaml:1:1: error: file: expected a file that can be read, got ENOENT`,
	]);
});

test('a directory is read as the daemon reads it', async t => {
	const dir = await folder(t, {'1.yaml': good, '2.yaml': 'version: 2', 'site.conf': good});
	await mkdir(join(dir, '3.yaml'));
	const {errors, warnings} = await lint([dir], world);
	t.is(errors.length, 2);
	t.is(warnings.length, 1);
});

test('owner and mode count for lint too', async t => {
	const dir = await folder(t, {'1.yaml': good});
	await chmod(join(dir, '1.yaml'), 0o666);
	for (const path of [dir, join(dir, '1.yaml')]) {
		t.regex(
			(await lint([path], world)).errors.join(),
			/got mode 0666 and owner \d+ \(chmod go-w/,
		);
	}
});

async function* said(...pieces: string[]) {
	for (const piece of pieces) {
		yield Buffer.from(piece);
	}
}

test('- is standard input, up to the length of a file', async t => {
	t.deepEqual(await lint(['-'], {...world, input: said('version: 1\nacc', 'ept: []')}), {
		errors: [],
		warnings: [],
	});
	const {errors} = await lint(['-'], {...world, input: said('version: 2')});
	t.deepEqual(errors, ['-:1:10: error: version: expected 1, got 2']);

	async function* endless() {
		for (;;) {
			yield Buffer.alloc(65_536, '#');
		}
	}
	const long = await lint(['-'], {...world, input: endless()});
	t.regex(long.errors.join(), /^-:1:1: error: file: expected at most 1048576 bytes, got/);
});

test('in a guest rules for pairs are doubted', async t => {
	const dir = await folder(t, {'1.yaml': 'version: 1\npairs: [{allow: [a, b]}]'});
	t.is((await lint([dir], {side: 'guest'})).warnings.length, 1);
	t.is((await lint([join(dir, '1.yaml')], {side: 'guest'})).warnings.length, 1);
	t.is((await lint([dir], {side: 'dom0'})).warnings.length, 0);
});

test('where coloopd knows the domains, names and UUIDs that none of them has are told', async t => {
	const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';
	const other = uuid.replace('9', '8');
	const dir = await folder(t, {
		'1.yaml': `version: 1
tags: {x: [gone]}
pairs:
  - allow: [web-1, wbe-1]
  - allow: [web-*, dom0]
  - allow: [any-guest, {tag: x}]
  - deny: [{name: web-1}, {name: b*}]
  - deny: [{uuid: ${uuid}}, {uuid: ${other}}]
`,
	});
	const present = [
		{name: 'Domain-0', domid: 0},
		{name: 'web-1', domid: 3, uuid},
	];
	const {warnings} = await lint([join(dir, '1.yaml')], {...world, present});
	t.deepEqual(
		warnings.map(line => line.replace(/^.*1\.yaml:/, '')),
		[
			'4:5: warning: pairs: no domain here is called "wbe-1" now',
			'7:5: warning: pairs: no domain here is called "b*" now',
			`8:5: warning: pairs: no domain here has {uuid: "${other}"} now`,
			'2:11: warning: tags: no domain here is called "gone" now',
		],
	);
	t.deepEqual((await lint([dir], {...world, present})).warnings.length, 4);
	t.deepEqual((await lint([dir], world)).warnings, []);
});
