// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {emptyPolicy, loadPolicy} from '../../../userland/policy/load.ts';
import type {Side} from '../../../userland/policy/warnings.ts';

const good = (name: string) => `version: 1\naccept:\n  - allow: ${name}\n`;

async function directory(
	t: {teardown(fn: () => unknown): void},
	files: Record<string, string>,
): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-policy-'));

	t.teardown(() => rm(dir, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(dir, name), text, {mode: 0o644});
	}

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
			`${dir}/2.yaml:1:10: error: version: expected 1, got 3`,
			`${dir}/3.yml:1:1: error: file: expected a name that ends in .yaml, got .yml`,
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

test('who says later how long dom0 may be silent is warned', async t => {
	const dir = await directory(t, {
		'1.yaml': `version: 1\nhost_silence_s: 600\n`,
		'2.yaml': good('a'),
		'3.yaml': `version: 1\n\nhost_silence_s: never\n`,
		'4.yaml': `version: 1\nhost_silence_s: 600\n`,
	});
	const {errors, warnings, hostSilenceS} = await loadPolicy(dir);

	t.deepEqual(errors, []);
	t.is(hostSilenceS, 600);
	t.deepEqual(warnings, [
		`${dir}/3.yaml:3:17: warning: host_silence_s: 1.yaml:2:17 comes first and says 600, so that never does not count`,
		`${dir}/4.yaml:2:17: warning: host_silence_s: 1.yaml:2:17 comes first and says 600, so that 600 does not count`,
	]);
});

test('no directory is an empty policy and no error', async t => {
	t.deepEqual(await loadPolicy('/nonexistent/policy.d'), {
		policy: emptyPolicy,
		hostSilenceS: 60,
		errors: [],
		warnings: [],
		dir: undefined,
	});
});

test('of several directories the first that holds a policy counts', async t => {
	const dir = await directory(t, {'1.yaml': good('a')});

	t.is((await loadPolicy(['/nonexistent', dir, '/'])).dir, dir);
});

test('a directory that cannot be read is an error', async t => {
	const readers = {
		readdir: () =>
			Promise.reject(Object.assign(new Error('EACCES: permission denied'), {code: 'EACCES'})),
		readFile: () => Promise.reject(new Error('unused')),
		readIncluded: () => Promise.reject(new Error('unused')),
	};
	const {policy, errors} = await loadPolicy('/etc/coloop/policy.d', {readers});

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
			`${dir}/1.yaml:1:1: error: file: expected a file that can be read, got not a regular file`,
			`${dir}/2.yaml:1:1: error: file: expected a file that can be read, got not a regular file`,
			`${dir}/3.yaml:1:1: error: file: expected a file that can be read, got ENOENT`,
		],
	);
});

/** What is said of a directory that this was done to. */
async function doubts(
	t: ExecutionContext,
	change: (dir: string) => Promise<unknown>,
	files: Record<string, string> = {'1.yaml': good('a')},
) {
	const dir = await directory(t, files);
	await change(dir);
	const {policy, errors} = await loadPolicy(dir);
	if (errors.length > 0) {
		t.is(policy, emptyPolicy);
	}

	return errors.map(({message}) => message.replaceAll(dir, 'DIR'));
}

test('what others than root may write is refused, with the command that mends it', async t => {
	const me = process.geteuid?.() ?? 0;
	const said = (what: string, mode: string) =>
		`${what}:1:1: error: file: expected ${what} to be written by root alone, got mode ${mode} and owner ${me} (chmod go-w ${what})`;

	t.deepEqual(await doubts(t, async () => {}), []);
	for (const mode of [0o664, 0o646, 0o622]) {
		t.deepEqual(await doubts(t, dir => chmod(join(dir, '1.yaml'), mode)), [
			said('DIR/1.yaml', `0${mode.toString(8)}`),
		]);
	}
	for (const mode of [0o775, 0o757, 0o1777]) {
		t.deepEqual(await doubts(t, dir => chmod(dir, mode)), [
			said('DIR', mode.toString(8).padStart(4, '0')),
		]);
	}
	for (const mode of [0o400, 0o644, 0o755]) {
		t.deepEqual(await doubts(t, dir => chmod(join(dir, '1.yaml'), mode)), []);
	}
});

test('the command that mends a name with spaces can be pasted', async t => {
	const files = {"it's mine.yaml": good('a')};
	const [said] = await doubts(t, dir => chmod(join(dir, "it's mine.yaml"), 0o666), files);
	t.regex(said ?? '', /\(chmod go-w 'DIR\/it'\\''s mine\.yaml'\)$/);
});

(process.geteuid?.() === 0 ? test : test.skip)('what another owns is refused', async t => {
	const other = 1234;
	t.deepEqual(await doubts(t, dir => chown(join(dir, '1.yaml'), other, 0)), [
		'DIR/1.yaml:1:1: error: file: expected DIR/1.yaml to be written by root alone, got mode 0644 and owner 1234 (chown root DIR/1.yaml)',
	]);
	const [said] = await doubts(t, dir => chown(dir, other, 0));
	t.regex(said ?? '', /expected DIR to be .* owner 1234 \(chown root DIR\)$/);
	/* The group alone gets nothing by it. */
	t.deepEqual(await doubts(t, dir => chown(join(dir, '1.yaml'), 0, other)), []);
});

test('so is what stands under a directory that others may write', async t => {
	const parent = await directory(t, {});
	const dir = join(parent, 'policy.d');
	await mkdir(dir);
	await writeFile(join(dir, '1.yaml'), good('a'));
	t.deepEqual((await loadPolicy(dir)).errors, []);
	await chmod(parent, 0o777);
	t.regex((await loadPolicy(dir)).errors[0]?.message ?? '', /chmod go-w [^ ]*\)$/);
	t.false((await loadPolicy(dir)).errors[0]?.message.includes(`chmod go-w ${dir})`));
	await chmod(parent, 0o1777);
	t.deepEqual((await loadPolicy(dir)).errors, [], 'a sticky one, as /tmp is');
});

test('a link is as good as what it leads to', async t => {
	const elsewhere = await directory(t, {'x.yaml': good('a')});
	const link = (dir: string) => symlink(join(elsewhere, 'x.yaml'), join(dir, '2.yaml'));
	t.deepEqual(await doubts(t, link), []);
	await chmod(elsewhere, 0o777);
	t.is((await doubts(t, link)).length, 1, 'others may put another there');
	await chmod(elsewhere, 0o755);
	await chmod(join(elsewhere, 'x.yaml'), 0o666);
	t.is((await doubts(t, link)).length, 1);
});

test('nor may others replace a link on the way', async t => {
	const real = await directory(t, {'1.yaml': good('a')});
	const [open, shut] = [await directory(t, {}), await directory(t, {})];
	const errors = async (dir: string) => (await loadPolicy(dir)).errors.length;
	await symlink(real, join(open, 'second'));
	await symlink(join(open, 'second'), join(shut, 'first'));
	t.is(await errors(join(open, 'second')), 0);
	t.is(await errors(join(shut, 'first')), 0);
	await chmod(open, 0o777);
	t.is(await errors(join(open, 'second')), 1);
	t.is(await errors(join(shut, 'first')), 1);
	t.is(await errors(real), 0);
});

test('an empty directory does not hide the packaged one; where nobody has files, that is said', async t => {
	const empty = await directory(t, {README: 'text'});
	const packaged = await directory(t, {'90-default.yaml': good('a')});
	const {policy, errors, warnings, dir} = await loadPolicy([empty, packaged]);
	t.deepEqual([policy.accept.length, errors, warnings, dir], [1, [], [], packaged]);
	const none = await loadPolicy([empty, '/nonexistent']);
	t.deepEqual([none.policy.accept, none.errors, none.dir], [[], [], empty]);
	t.deepEqual(none.warnings, [
		`${empty}:1:1: warning: file: holds no *.yaml file, so nothing is allowed`,
	]);
	const odd = await directory(t, {'10-site.conf': good('b')});
	t.deepEqual((await loadPolicy([odd, packaged])).warnings, [
		`${odd}/10-site.conf:1:1: warning: file: is not read: its name does not end in .yaml, or begins with a dot`,
	]);
});

test('what a file includes stands before its own rules, in order', async t => {
	const dir = await directory(t, {
		'10-a.yaml': `${good('own')}include: [../more/one.yaml, ../more/two.conf]\n`,
		'20-b.yaml': good('last'),
	});
	const more = join(dir, '..', 'more');
	await mkdir(more);
	t.teardown(() => rm(more, {recursive: true}));
	await writeFile(join(more, 'one.yaml'), `${good('one')}include: [three.yaml]\n`, {mode: 0o644});
	await writeFile(join(more, 'two.conf'), good('two'), {mode: 0o644});
	await writeFile(join(more, 'three.yaml'), good('three'), {mode: 0o644});
	const {policy, errors, included} = await loadPolicy(dir);

	t.deepEqual(errors, []);
	t.deepEqual(
		policy.accept.map(({peer, source}) => `${String(peer)} ${source.file}`),
		[
			`three ${resolve(more, 'three.yaml')}`,
			`one ${resolve(more, 'one.yaml')}`,
			`two ${resolve(more, 'two.conf')}`,
			...['own 10-a.yaml', 'last 20-b.yaml'],
		],
	);
	t.is(included?.length, 3);

	await writeFile(join(more, 'three.yaml'), 'version: 1\npears: []\n');
	const broken = await loadPolicy(dir);
	t.is(broken.policy, emptyPolicy);
	t.regex(
		broken.errors[0]?.message ?? '',
		/three\.yaml:2:1: error: pears: expected version, include,/,
	);
});

test('includes that lead nowhere, round, too deep or to others are refused where they stand', async t => {
	const dir = await directory(t, {
		'1.yaml': 'version: 1\ninclude:\n  - none.yaml\n',
		'2.yaml': 'version: 1\ninclude: [2.yaml]\n',
		'3.yaml': 'version: 1\ninclude: [3.inc]\n',
		'3.inc': 'version: 1\ninclude: [./3.yaml]\n',
		'4.yaml': 'version: 1\ninclude: [.]\n',
		'5.yaml': 'version: 1\ninclude: [open.inc]\n',
		'open.inc': 'version: 1\n',
		'6.yaml': 'version: 1\ninclude: [deep0.inc]\n',
		...Object.fromEntries(
			Array.from({length: 12}, (_, at) => [
				`deep${at}.inc`,
				`version: 1\ninclude: [deep${at + 1}.inc]\n`,
			]),
		),
	});
	await chmod(join(dir, 'open.inc'), 0o666);
	const {errors} = await loadPolicy(dir);

	t.deepEqual(
		errors.map(({message}) => message.replaceAll(`${dir}/`, '')),
		[
			'1.yaml:3:5: error: include: expected a file that can be read, got ENOENT',
			'2.yaml:2:11: error: include: expected files that include each other in no circle, got 2.yaml',
			'3.inc:2:11: error: include: expected files that include each other in no circle, got 3.yaml',
			`4.yaml:2:11: error: include: expected a file that can be read, got not a regular file`,
			`5.yaml:2:11: error: include: expected a file that can be read, got one that is not: open.inc to be written by root alone, got mode 0666 and owner ${process.getuid?.()} (chmod go-w open.inc)`,
			'deep7.inc:2:11: error: include: expected at most 8 levels of includes, got more',
		],
	);
});

test('a tag that no file gives is an error of all files together', async t => {
	const rule = 'version: 1\naccept:\n  - deny: {tag: vault}\n';
	const dir = await directory(t, {'1.yaml': rule});
	const {policy, errors} = await loadPolicy(dir);
	t.is(policy, emptyPolicy);
	t.deepEqual(
		errors.map(({message}) => message),
		[
			`${dir}/1.yaml:3:5: error: accept: expected a tag that a file gives under tags:, got vault`,
		],
	);
	await writeFile(join(dir, '2.yaml'), 'version: 1\ntags: {vault: []}\n', {mode: 0o644});
	t.deepEqual((await loadPolicy(dir)).errors, []);
});

test('what looks like a policy and is not read is said', async t => {
	const dir = await directory(t, {
		...{'1.yaml': good('a'), '10-site.conf': good('b'), 'B.YAML': good('c')},
		...{'.hidden.yaml': 'editors', 'x.yaml~': 'backup', 'x.yaml.dpkg-old': '', README: ''},
	});
	const {policy, warnings} = await loadPolicy(dir);
	t.is(policy.accept.length, 1);
	t.deepEqual(
		warnings.map(line => line.split(':', 1)[0]),
		['10-site.conf', 'B.YAML'].map(name => join(dir, name)),
	);
});

test('warnings name the file with its folder, and whether rules are read here', async t => {
	const text = 'version: 1\npairs:\n  - allow: [Dom0, a]\n';
	const dir = await directory(t, {'1.yaml': text});
	const lines = async (side?: Side) =>
		(await loadPolicy(dir, {side})).warnings.map(line => line.replace(`${dir}/`, ''));
	const odd = '1.yaml:3:5: warning: pairs: "Dom0" is not dom0, which is written dom0 or Domain-0';
	t.deepEqual(await lines(), [odd]);
	t.deepEqual(await lines('dom0'), [odd]);
	t.deepEqual(await lines('guest'), [
		'1.yaml:3:5: warning: pairs: rules for pairs are read in dom0 only, and this is a guest',
		odd,
	]);
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
