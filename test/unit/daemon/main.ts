// SPDX-License-Identifier: MIT
//
// The real programs, on a machine that has no Xen: they say so, and go on answering.
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {listen, pathFor} from '../netlink-js/_receiver.ts';

const bin = fileURLToPath(new URL('../../../userland/bin/', import.meta.url));
const hasXen = existsSync('/proc/xen/capabilities');

function start(program: 'coloop' | 'coloopd', ...argv: string[]): ChildProcess {
	return startWith({}, program, ...argv);
}

function startWith(
	environment: NodeJS.ProcessEnv,
	program: 'coloop' | 'coloopd',
	...argv: string[]
): ChildProcess {
	return spawn(process.execPath, [join(bin, `${program}.js`), ...argv], {
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {...process.env, ...environment},
	});
}

async function finish(child: ChildProcess) {
	const {stdout, stderr} = child;
	if (!stdout || !stderr) {
		throw new Error('no pipes');
	}
	const [out, err] = await Promise.all([text(stdout), text(stderr)]);
	if (child.exitCode === null && child.signalCode === null) {
		await once(child, 'exit');
	}

	return {status: child.exitCode, out, err};
}

(hasXen ? test.skip : test)(
	'coloopd without Xen answers, says why, and ends on SIGTERM',
	async t => {
		const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
		const socket = join(folder, 'coloopd.sock');
		const daemon = start(
			'coloopd',
			'--socket',
			socket,
			'--role',
			'endpoint',
			'--policy',
			folder,
		);
		const ended = finish(daemon);
		let shown = await finish(start('coloop', '--socket', socket));
		while (shown.err.includes('does not answer')) {
			shown = await finish(start('coloop', '--socket', socket));
		}
		t.is(shown.out, 'no peers\n');
		t.regex(shown.err, /endpoint: this machine has no XenStore/);
		t.is(await readFile(`/proc/${daemon.pid}/comm`, 'utf8'), 'coloopd\n');
		daemon.kill('SIGHUP');
		const reloaded = await finish(start('coloop', '--socket', socket, 'policy', 'reload'));
		t.is(reloaded.out, `policy read from ${folder}\n`);
		daemon.kill('SIGTERM');
		const {status, err} = await ended;
		t.is(status, 0);
		const events = err
			.trimEnd()
			.split('\n')
			.map(line => String(JSON.parse(line).event));
		t.is(events[0], 'daemon.started');
		t.is(events.at(-1), 'daemon.stopped');
		t.true(events.includes('store.awaited'));
		t.false(events.includes('role.failed'));
		await rm(folder, {recursive: true});
	},
);

(hasXen ? test.skip : test)(
	'systemd hears that coloopd serves, why it waits, and that it lives',
	async t => {
		const [notify, folder] = [await pathFor(t), dirname(await pathFor(t))];
		const receiver = await listen(t, notify);
		const heard = async (what: RegExp) => {
			while (!receiver.heard().some(text => what.test(text))) {
				await new Promise(resolve => setTimeout(resolve, 20));
			}
		};
		const daemon = startWith(
			{NOTIFY_SOCKET: notify, WATCHDOG_USEC: '600000'},
			'coloopd',
			...['--socket', join(folder, 'x.sock'), '--role', 'endpoint', '--policy', folder],
		);
		const ended = finish(daemon);
		await heard(/^READY=1/);
		await heard(/^STATUS=endpoint: this machine has no XenStore yet; coloopd waits for it\n/);
		const before = receiver.heard().filter(text => text === 'WATCHDOG=1\n').length;
		while (receiver.heard().filter(text => text === 'WATCHDOG=1\n').length < before + 3) {
			await heard(/WATCHDOG/);
			await new Promise(resolve => setTimeout(resolve, 50));
		}
		daemon.kill('SIGHUP');
		await heard(/^RELOADING=1\nMONOTONIC_USEC=/);
		while (receiver.heard().filter(text => text === 'READY=1\n').length < 2) {
			await new Promise(resolve => setTimeout(resolve, 20));
		}
		daemon.kill('SIGTERM');
		t.is((await ended).status, 0);
		await heard(/^STOPPING=1/);
	},
);

(hasXen ? test.skip : test)('coloopd --withdraw without Xen fails and says why', async t => {
	const {status, err} = await finish(start('coloopd', '--withdraw', '--socket', '/nowhere/x'));
	t.is(status, 3);
	t.like(JSON.parse(err), {event: 'daemon.failed', code: 'NO_XEN'});
});

test('wrong options are misuse', async t => {
	t.is((await finish(start('coloopd', '--role', 'king'))).status, 2);
	t.is((await finish(start('coloop', '--nope'))).status, 2);
	t.is((await finish(start('coloopd', '--version'))).status, 0);
});
