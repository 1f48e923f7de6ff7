// SPDX-License-Identifier: MIT
import {chmod, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {PolicyError} from '../../../userland/policy/errors.ts';
import type {LoadedPolicy} from '../../../userland/policy/load.ts';
import {watchPolicy} from '../../../userland/policy/watch.ts';

const good = (name: string) => `version: 1\naccept:\n  - allow: ${name}\n`;
const names = (state: LoadedPolicy) => state.policy.accept.map(rule => rule.peer);

async function watched(t: ExecutionContext, files: Record<string, string>) {
	const parent = await mkdtemp(join(tmpdir(), 'coloop-policy-'));
	const dir = join(parent, 'policy.d');
	const stop = new AbortController();
	const watch = watchPolicy(dir, stop.signal);
	const states = watch[Symbol.asyncIterator]();
	// fs.watch does not keep the process alive, and nothing else does here.
	const alive = setInterval(() => undefined, 1000);

	t.teardown(async () => {
		stop.abort();
		clearInterval(alive);
		await rm(parent, {recursive: true});
	});
	if (Object.keys(files).length > 0) {
		await mkdir(dir);
	}
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(dir, name), text);
	}

	return {
		parent,
		dir,
		stop,
		reload: watch.reload,
		/** The next state that satisfies; a half-written file may be seen on the way. */
		async until(wanted: (state: LoadedPolicy) => boolean): Promise<LoadedPolicy> {
			for (;;) {
				const {value, done} = await states.next();
				if (done === true) {
					throw new Error('the watch ended');
				}
				if (wanted(value)) {
					return value;
				}
			}
		},
		next: () => states.next(),
	};
}

test('a change of an included file is seen, and that it comes', async t => {
	const include = (path: string) => `${good('own')}include: [${path}]\n`;
	const {parent, dir, until} = await watched(t, {'1.yaml': include('../tenants/one.yaml')});
	const {errors} = await until(() => true);
	t.regex(errors[0]?.message ?? '', /1\.yaml:4:11: error: include: .* got ENOENT$/);

	await mkdir(join(parent, 'tenants'));
	await writeFile(join(parent, 'tenants/one.yaml'), good('b'));
	await until(state => names(state).join() === 'b,own');
	await writeFile(join(parent, 'tenants/new'), good('c'));
	await rename(join(parent, 'tenants/new'), join(parent, 'tenants/one.yaml'));
	await until(state => names(state).join() === 'c,own');
	await writeFile(join(dir, '1.yaml'), include('../tenants/two.yaml'));
	await until(({errors}) => errors.length === 1);
	await writeFile(join(parent, 'tenants/two.yaml'), good('d'));
	await until(state => names(state).join() === 'd,own');
	t.pass();
});

test('a change is seen, in place and by rename', async t => {
	const {dir, until} = await watched(t, {'1.yaml': good('a')});
	t.deepEqual(names(await until(() => true)), ['a']);

	await writeFile(join(dir, '1.yaml'), good('b'));
	await until(state => names(state).join() === 'b');

	await writeFile(join(dir, '1.new'), good('c'));
	await rename(join(dir, '1.new'), join(dir, '1.yaml'));
	await until(state => names(state).join() === 'c');

	await rm(join(dir, '1.yaml'));
	await until(state => names(state).length === 0);
	t.pass();
});

test('a broken file keeps the last good policy and says so, until it is mended', async t => {
	const {dir, until} = await watched(t, {'1.yaml': good('a')});
	await until(() => true);

	await writeFile(join(dir, '2.yaml'), 'version: 7');
	const broken = await until(state =>
		state.errors.some(error => error.message.includes('got 7')),
	);
	t.deepEqual(names(broken), ['a']);

	await writeFile(join(dir, '2.yaml'), good('b'));
	const mended = await until(state => state.errors.length === 0);
	t.deepEqual(names(mended), ['a', 'b']);
});

test('a policy that others may write keeps the last good one in force, until it is mended', async t => {
	const {dir, until} = await watched(t, {'1.yaml': good('a')});
	await until(() => true);

	await chmod(join(dir, '1.yaml'), 0o666);
	const refused = await until(state => state.errors.length > 0);
	t.deepEqual(names(refused), ['a']);
	t.regex(refused.errors[0]?.message ?? '', /got mode 0666/);

	await chmod(join(dir, '1.yaml'), 0o644);
	await until(state => state.errors.length === 0);
	await chmod(dir, 0o777);
	t.deepEqual(names(await until(state => state.errors.length > 0)), ['a']);
});

test('a policy broken from the start denies all', async t => {
	const {dir, until} = await watched(t, {'1.yaml': good('a'), '2.yaml': 'no'});
	const first = await until(() => true);
	t.deepEqual(names(first), []);
	t.is(first.errors.length, 1);

	await rm(join(dir, '2.yaml'));
	t.deepEqual(names(await until(state => state.errors.length === 0)), ['a']);
});

test('a directory made later is found', async t => {
	const {dir, until} = await watched(t, {});
	t.is((await until(() => true)).dir, undefined);

	await mkdir(dir);
	await until(state => state.dir === dir);
	await writeFile(join(dir, '1.yaml'), good('a'));
	t.deepEqual(names(await until(state => names(state).length > 0)), ['a']);
});

test('a directory behind a link is followed when the link is made anew', async t => {
	const {dir, until} = await watched(t, {});
	for (const name of ['a', 'b']) {
		await mkdir(`${dir}.${name}`);
		await writeFile(join(`${dir}.${name}`, '1.yaml'), good(name));
	}
	await symlink(`${dir}.a`, dir);
	await until(state => names(state).join() === 'a');

	await symlink(`${dir}.b`, `${dir}.new`);
	await rename(`${dir}.new`, dir);
	await until(state => names(state).join() === 'b');
	t.pass();
});

test('a directory is followed when one above it is replaced', async t => {
	const {parent, dir, until} = await watched(t, {'1.yaml': good('a')});
	await until(state => names(state).join() === 'a');

	await mkdir(join(`${parent}.new`, 'policy.d'), {recursive: true});
	await writeFile(join(`${parent}.new`, 'policy.d', '1.yaml'), good('b'));
	await rename(parent, `${parent}.old`);
	await rename(`${parent}.new`, parent);
	await until(state => names(state).join() === 'b');
	await rm(`${parent}.old`, {recursive: true});
	t.is((await stat(dir)).isDirectory(), true);
});

test('a file behind a link is seen to change, in place and by rename', async t => {
	const {parent, dir, until} = await watched(t, {'2.yaml': good('z')});
	const file = join(parent, 'elsewhere');
	await writeFile(file, good('a'));
	await symlink(file, join(dir, '1.yaml'));
	await until(state => names(state).join() === 'a,z');

	await writeFile(file, good('b'));
	await until(state => names(state).join() === 'b,z');

	await writeFile(`${file}.new`, good('c'));
	await rename(`${file}.new`, file);
	await until(state => names(state).join() === 'c,z');

	await writeFile(file, good('d'));
	await until(state => names(state).join() === 'd,z');
	t.pass();
});

test('reload yields even if nothing changed; the signal ends it', async t => {
	const {stop, reload, until, next} = await watched(t, {'1.yaml': good('a')});
	await until(() => true);

	reload();
	t.deepEqual(names(await until(() => true)), ['a']);

	stop.abort();
	t.true((await next()).done);
});

test('a place whose changes nobody will tell of is named, once', async t => {
	const stop = new AbortController();
	const warnings: string[] = [];
	const watch = watchPolicy('x'.repeat(300), stop.signal, error => warnings.push(error.message));
	const states = watch[Symbol.asyncIterator]();

	await states.next();
	watch.reload();
	await states.next();
	t.is(warnings.length, 1);
	t.regex(warnings[0] ?? '', /^ENAMETOOLONG/);
	stop.abort();
});

const many = (rule: (at: number) => string) =>
	`version: 1\npairs:\n${Array.from({length: 10_000}, (_, at) => `  - ${rule(at)}\n`).join('')}`;

test.serial('the event loop does not wait while 10 000 rules are read', async t => {
	const {next} = await watched(t, {'1.yaml': many(at => `allow: [web-${at}, 'db-*']`)});
	const before = performance.eventLoopUtilization();
	const {value} = await next();
	const {utilization, active} = performance.eventLoopUtilization(before);

	t.log(`${Math.round(active)} ms, ${Math.round(utilization * 100)} % of the time`);
	t.is(value?.policy.pairs.length, 10_000);
	t.true(utilization < 0.5);
});

test.serial('what is wrong with large files is said as with small ones', async t => {
	const {dir, next} = await watched(t, {'1.yaml': many(at => `allow: [web-${at}]`)});
	const [error] = (await next()).value?.errors ?? [];

	t.true(error instanceof PolicyError);
	t.is(error?.problems[0]?.file, join(dir, '1.yaml'));
	t.regex(error?.message ?? '', /1\.yaml:3:12: error: pairs\[0\]\.allow: expected .*\n/);
	t.regex(error?.message ?? '', /\n\.\.\. and 9980 more$/);
});

test.serial('the watch ends while large files are read', async t => {
	const {stop, next} = await watched(t, {'1.yaml': many(at => `allow: [web-${at}, db]`)});
	const reading = next();

	setTimeout(() => stop.abort(), 50);
	t.true((await reading).done);
});
