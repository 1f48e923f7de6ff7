// SPDX-License-Identifier: MIT
//
// The real program, many times at once.  Where a test needs roles, it is in a mount namespace of its
// own with a /run of its own, where something has xenstored's name.
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdtemp, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {askStatus} from '../../../userland/control/client.ts';
import {isServed} from '../../../userland/control/server.ts';

const program = fileURLToPath(new URL('../../../userland/bin/coloopd.js', import.meta.url));
const isRoot = process.geteuid?.() === 0;

type Run = {child: ChildProcess; ended: Promise<{status: number | null; err: string}>};

function start(argv: readonly string[], prefix: readonly string[] = []): Run {
	const [command = '', ...rest] = [...prefix, process.execPath, program, ...argv];
	const child = spawn(command, rest, {stdio: ['ignore', 'ignore', 'pipe']});
	const ended = Promise.all([text(child.stderr), once(child, 'exit')]).then(
		([err, [status]]) => ({
			status: status as number | null,
			err,
		}),
	);

	return {child, ended};
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	try {
		await use(folder);
	} finally {
		await rm(folder, {recursive: true});
	}
}

async function serving(socket: string): Promise<void> {
	while (!(await isServed(socket))) {
		await sleep(20);
	}
}

const options = (folder: string, socket: string) => [
	...['--socket', socket, '--policy', folder, '--role', 'endpoint'],
];

test('of twelve daemons that start at once exactly one serves, and keeps its socket', async t => {
	await withFolder(async folder => {
		const socket = join(folder, 'coloopd.sock');
		const runs = Array.from({length: 12}, () => start(options(folder, socket)));
		await serving(socket);
		const before = await stat(socket);
		const losers: Array<Awaited<Run['ended']>> = [];
		await new Promise<void>(resolve => {
			for (const {ended} of runs) {
				void ended.then(each => losers.push(each) === runs.length - 1 && resolve());
			}
		});
		for (const {status, err} of losers) {
			t.is(status, 2);
			t.regex(err, /"code":"USAGE","message":"another coloopd .*has .*coloopd\.sock"/);
			t.notRegex(err, /role\.started|daemon\.started/);
		}
		t.is((await stat(socket)).ino, before.ino, "the first one's socket file is as it was");
		await t.notThrowsAsync(askStatus(socket));
		for (const {child} of runs) {
			child.kill('SIGTERM');
		}
		await Promise.all(runs.map(({ended}) => ended));
	});
});

test('a second daemon names the first; a killed one leaves no lock behind', async t => {
	await withFolder(async folder => {
		const socket = join(folder, 'coloopd.sock');
		const first = start(options(folder, socket));
		await serving(socket);
		const second = await start(options(folder, socket)).ended;
		t.is(second.status, 2);
		t.true(second.err.includes(`another coloopd (pid ${first.child.pid})`), second.err);
		const withdrawn = await start(['--withdraw', '--socket', socket]).ended;
		t.is(withdrawn.status, 2);
		t.regex(withdrawn.err, /would put back what is withdrawn.*stop it, then withdraw/);

		first.child.kill('SIGKILL');
		await first.ended;
		t.true(existsSync(socket), 'as a killed daemon leaves it');
		const third = start(options(folder, socket));
		await serving(socket);
		third.child.kill('SIGTERM');
		t.is((await third.ended).status, 0);
		t.false(existsSync(socket));
	});
});

/* A file of xenstored's name makes the roles lock; nobody answers there, so they do nothing. */
const apart = [
	...['unshare', '--mount', 'sh', '-c'],
	'mount -t tmpfs none /run && mkdir /run/xenstored && : >/run/xenstored/socket && exec "$@"',
	'sh',
];

(isRoot && !existsSync('/proc/xen/capabilities') ? test : test.skip)(
	'a socket elsewhere makes no second host role, and no second endpoint role',
	async t => {
		await withFolder(async folder => {
			const script = `
				"$@" --role host --socket ${folder}/a.sock & first=$!
				while [ ! -S ${folder}/a.sock ]; do sleep 0.02; done
				"$@" --role host --socket ${folder}/b.sock; echo "second $?" >&2
				"$@" --role endpoint --socket ${folder}/c.sock & endpoint=$!
				while [ ! -S ${folder}/c.sock ]; do sleep 0.02; done
				"$@" --role auto --socket ${folder}/d.sock; echo "both $?" >&2
				"$@" --role host --withdraw --socket ${folder}/e.sock; echo "withdraw $?" >&2
				kill $first $endpoint; wait`;
			const argv = [...apart, 'sh', '-c', script, 'sh', process.execPath, program];
			const [command = '', ...rest] = [...argv, '--policy', folder];
			const child = spawn(command, rest, {stdio: ['ignore', 'ignore', 'pipe']});
			const err = await text(child.stderr);
			t.regex(err, /second 2/);
			t.regex(err, /both 2/);
			t.regex(err, /withdraw 2/);
			t.regex(err, /another coloopd \(pid \d+\) has the host role"/);
			t.false(existsSync(join(folder, 'b.sock')));
			t.false(existsSync(join(folder, 'd.sock')));
		});
	},
);
