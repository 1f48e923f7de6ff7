// SPDX-License-Identifier: MIT
import test from 'ava';
import type {Answer, Request, Status} from '../../../userland/control/protocol.ts';
import {main} from '../../../userland/cli/main.ts';
import {moment} from '../../../userland/cli/units.ts';
import {pairStatus, peerStatus, statusOf} from '../control/_status.ts';
import {now, says, withDaemon} from './_coloop.ts';
import {fakeSystem} from './_system.ts';

const system = fakeSystem({files: {'/sys/module/coloop/version': '0.1.0\n'}});

async function run(argv: readonly string[], machine = system) {
	const [out, err] = [[] as string[], [] as string[]];
	const exit = await main(argv, {
		...{out: line => out.push(line), err: line => err.push(line)},
		...{now: () => now, system: machine},
	});

	return {exit, out, err};
}

function status(handle: (request: Request) => Promise<Answer>, ...argv: string[]) {
	return withDaemon(handle, socket => run(['--socket', socket, 'status', ...argv]));
}

const well: Partial<Status> = {host: 'lives', troubles: []};

test('a healthy guest on one screen', async t => {
	const peers = ['live', 'live', 'ready', 'refused'].map((state, index) =>
		peerStatus({state, domid: index}),
	);
	const {exit, out, err} = await status(says(statusOf({...well, peers})));
	t.is(exit, 0);
	t.deepEqual(err, []);
	t.deepEqual(out, [
		'module:     0.1.0, coloop0, 0 channels, 0 of 16384 grants',
		'daemon:     0.1.0, endpoint',
		'host role:  is heard from dom0',
		'XenStore:   answers',
		'policy:     /etc/coloop/policy.d',
		'peers:      4: 2 live, 1 ready, 1 refused',
		'healthy',
	]);
});

test('dom0 counts the pairs of the host, told or not', async t => {
	const {out, exit} = await status(
		says(
			statusOf({
				...{...well, roles: ['host', 'endpoint'], domid: 0, peers: []},
				...{pairs: [pairStatus({state: 'live'}), pairStatus({state: 'refused'})]},
				pairs_left: {open: 7, refused: 100},
			}),
		),
	);
	t.is(exit, 0);
	t.is(out[2], 'host role:  is here');
	t.is(out[6], 'pairs:      109: 1 live, 7 ready, 101 refused');
});

for (const [what, change, fault] of [
	[
		'a role that does not run',
		{problems: ['endpoint: the kernel says no']},
		/the kernel says no/,
	],
	['no module', {module: null, module_loaded: false}, /modprobe coloop/],
	['a silent dom0', {host: 'silent'}, /dom0's coloopd is silent/],
	['a broken policy', {policy_errors: ['1.yaml:1:1: error: x']}, /policy: 1\.yaml:1:1/],
	['no XenStore', {problems: ['endpoint: XenStore hung up'], domid: null}, /XenStore hung up/],
] as ReadonlyArray<readonly [string, Partial<Status>, RegExp]>) {
	test(`not healthy: ${what}`, async t => {
		const {exit, out} = await status(says(statusOf({...well, ...change})));
		t.is(exit, 1);
		t.true(out.includes('not healthy:'));
		t.regex(out.at(-1) ?? '', fault);
		const told = await status(says(statusOf({...well, ...change})), '-j');
		t.is(told.exit, 1);
		const {healthy, faults} = JSON.parse(told.out.join('\n'));
		t.false(healthy);
		t.is(faults.length, 1);
	});
}

for (const [what, change] of [
	['dom0 without the module', {module: null, module_loaded: false, roles: ['host'], pairs: []}],
	['a peer that is refused', {peers: [peerStatus({state: 'refused'})]}],
	['a warning of policy', {policy_warnings: ['1.yaml:1:1: warning: x']}],
	['a dom0 that was never heard', {host: 'unknown'}],
] as ReadonlyArray<readonly [string, Partial<Status>]>) {
	test(`healthy all the same: ${what}`, async t => {
		t.is((await status(says(statusOf({...well, ...change})))).exit, 0);
	});
}

test('the last troubles stand there, and wide names do no harm', async t => {
	const troubles = [1, 2, 3, 4].map(index => ({
		...{time: now + index, level: 'warn', event: 'step.failed'},
		message: `数据库 👩‍🚀\u001b: try ${index}`,
	}));
	const {out} = await status(says(statusOf({...well, troubles})));
	t.deepEqual(out.slice(6, 10), [
		'last troubles:',
		...[2, 3, 4].map(
			index => `  ${moment(now + index)}  warn   step.failed: 数据库 👩‍🚀\\u{1b}: try ${index}`,
		),
	]);
});

test('what to do about a trouble stands below it', async t => {
	const trouble = {time: now, level: 'error', event: 'metrics.failed', message: 'full'};
	const {out} = await status(
		says(statusOf({...well, troubles: [{...trouble, hint: 'make room'}]})),
	);
	t.deepEqual(out.slice(7, 9), [
		`  ${moment(now)}  error  metrics.failed: full`,
		'    -> make room',
	]);
});

test('without a daemon it says what can be known, and exits with 1', async t => {
	const {exit, out, err} = await run(['--socket', '/nowhere/x.sock', 'status']);
	t.is(exit, 1);
	t.deepEqual(err, []);
	t.is(out[0], 'module:     is loaded');
	t.is(out[1], 'daemon:     does not answer');
	t.regex(out.at(-1) ?? '', /does not answer on \/nowhere/);
	const none = await run(['--socket', '/nowhere/x.sock', 'status', '-j'], fakeSystem());
	t.is(none.exit, 1);
	t.like(JSON.parse(none.out.join('\n')), {
		...{schema: 1, version: '0.1.0', healthy: false, module_loaded: false, daemon: null},
		...{module: null, policy: null, fleet: null, peers: {}, pairs: null, troubles: []},
	});
});

test('JSON always has the same keys', async t => {
	const keys = async (handle: (request: Request) => Promise<Answer>) => {
		const {out} = await status(handle, '-j');

		return Object.keys(JSON.parse(out.join('\n')));
	};
	const whole = await keys(says(statusOf({...well, pairs: [pairStatus()]})));
	t.deepEqual(await keys(says(statusOf({module: null, problems: ['x']}))), whole);
	const {out} = await run(['--socket', '/nowhere/x.sock', 'status', '-j']);
	t.deepEqual(Object.keys(JSON.parse(out.join('\n'))), whole);
});

test('--wait waits until all is well', async t => {
	let asked = 0;
	const handle = async (): Promise<Answer> => {
		asked += 1;

		return {ok: true, status: statusOf({...well, host: asked > 2 ? 'lives' : 'silent'})};
	};
	const {exit, out} = await status(handle, '--wait');
	t.is(exit, 0);
	t.is(out.at(-1), 'healthy');
	t.is(asked, 3);
});

test('--wait gives up in time, and shows how far it came', async t => {
	const {exit, out} = await status(says(statusOf({host: 'silent'})), '-w', '-t', '0.3');
	t.is(exit, 1);
	t.regex(out.at(-1) ?? '', /silent/);
	const absent = await run(['-s', '/nowhere/x.sock', 'status', '-w', '-t', '0.1']);
	t.is(absent.exit, 1);
});

test('misused: a timeout that is none', async t => {
	for (const text of ['soon', '-1', '']) {
		const {exit, err} = await run(['status', '-w', `--timeout=${text}`]);
		t.is(exit, 2);
		t.regex(err.join('\n'), /expected seconds/);
	}
});
