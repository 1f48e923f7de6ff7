// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {main} from '../../../userland/cli/main.ts';
import {realSystem, type Ended, type System} from '../../../userland/cli/system.ts';
import type {Answer, PeerStatus, Request} from '../../../userland/control/protocol.ts';
import {until} from '../_until.ts';
import {peerStatus, statusOf} from '../control/_status.ts';
import {now, withDaemon} from './_coloop.ts';
import {fakeSystem} from './_system.ts';

const program = fileURLToPath(new URL('../../../userland/bin/coloop.js', import.meta.url));

/** Packets of two sizes of pings and what else is sent. */
const carried = 230;

type Peer = Partial<PeerStatus> & {
	/** What the module would count in a measurement over the channel. */
	readonly carries?: number;
	/** Never comes up. */
	readonly isMute?: boolean;
};

/** A daemon whose peer goes down and up, and every order that it got. */
function daemonOf({carries = carried, isMute = false, ...change}: Peer) {
	const orders: string[] = [];
	let state = change.state ?? 'live';
	let packets = 0;
	const handle = async (request: Request): Promise<Answer> => {
		if (request.op === 'down') {
			[state, packets] = ['held', 0];
			orders.push('down');
		} else if (request.op === 'up') {
			state = isMute ? 'offered' : 'live';
			orders.push('up');
		}
		const peer = peerStatus({...change, state, tx_packets: packets, rx_packets: packets});
		packets += state === 'live' && request.op === 'status' ? carries : 0;

		return {ok: true, status: statusOf({peers: [peer]})};
	};

	return {handle, orders};
}

const echo = (average: string, received = 100) =>
	`100 packets transmitted, ${received} received, ${100 - received}% packet loss, time 1000ms\nrtt min/avg/max/mdev = 0.010/${average}/9.000/0.100 ms\n`;
const neighbours = JSON.stringify([
	{dst: 'fe80::2', dev: 'eth0', lladdr: '00:16:3e:00:00:02', state: ['STALE']},
	{dst: '10.0.0.7', dev: 'eth0', lladdr: '00:16:3E:00:00:02'},
	{dst: '10.0.0.9', dev: 'eth0', lladdr: '00:16:3e:00:00:09'},
	{dst: '10.0.0.8', dev: 'eth0', state: ['FAILED']},
]);
const pingOf = (size: number, address: string) =>
	`ping -n -q -c 100 -i 0.01 -W 1 -s ${size} ${address}`;

function machine(programs: Record<string, string | Ended> = {}, open: number[] = []): System {
	return fakeSystem({
		open,
		programs: {
			'ip -j neigh show': neighbours,
			[pingOf(56, '10.0.0.7')]: echo('0.200'),
			[pingOf(1400, '10.0.0.7')]: echo('0.300'),
			...programs,
		},
	});
}

async function run(
	peer: Peer,
	argv: readonly string[],
	{
		system = machine(),
		signal = new AbortController().signal,
	}: {system?: System; signal?: AbortSignal} = {},
) {
	const {handle, orders} = daemonOf(peer);
	const [out, err] = [[] as string[], [] as string[]];
	const terminal = {
		...{out: (line: string) => out.push(line), err: (line: string) => err.push(line)},
		...{now: () => now, system, signal},
	};
	const exit = await withDaemon(handle, socket =>
		main(['-s', socket, 'test', ...argv], terminal),
	);

	return {exit, out, err, orders};
}

test('a pair that works is measured both ways, and its channel left up', async t => {
	const {exit, out, err, orders} = await run({}, ['b']);
	t.is(exit, 0);
	t.deepEqual(err, []);
	t.deepEqual(orders, ['down', 'up', 'up']);
	t.deepEqual(out, [
		'                  ordinary path   channel    gain',
		'ping                   0.200 ms  0.200 ms  1.00 x',
		'ping, 1400 bytes       0.300 ms  0.300 ms  1.00 x',
		'TCP handshake          0.500 ms  0.500 ms  1.00 x',
		'iperf3                        -         -       -',
		'b (10.0.0.7): works, the channel carried 230 packets there and 230 back',
	]);
});

test('the gain is how many times better the channel is', async t => {
	let calls = 0;
	const base = machine({}, [5201]);
	const system: System = {
		...base,
		async run(program, ...args) {
			calls += 1;
			const isSecond = calls > 4;
			if (program === 'iperf3') {
				const bits = isSecond ? '3e+09' : '1000000000.0';
				const out = `{"end": {"sum_received": {"seconds": 2, "bits_per_second": ${bits}}}}`;

				return {status: 0, out, err: ''};
			}

			return program === 'ping' && isSecond
				? {status: 0, out: echo('0.100'), err: ''}
				: base.run(program, ...args);
		},
	};
	const {out, exit} = await run({}, ['b', '-j'], {system});
	t.is(exit, 0);
	const trial = JSON.parse(out.join('\n'));
	t.like(trial, {schema: 1, version: '0.1.0', peer: 'b', domid: 2, passes: true, faults: []});
	t.deepEqual(trial.rows[0], {
		...{name: 'ping', unit: 'ms', ordinary: 0.2, channel: 0.1, gain: 2},
	});
	t.deepEqual(trial.rows[3], {
		...{name: 'iperf3', unit: 'Mbit/s', ordinary: 1000, channel: 3000, gain: 3},
	});
});

test('packets that do not take the channel are no success', async t => {
	const {exit, out, err, orders} = await run({carries: 3, reason: 'a qdisc'}, ['b']);
	t.is(exit, 1);
	t.regex(out.at(-1) ?? '', /does not work/);
	t.regex(
		err.join('\n'),
		/^coloop: b: the channel carried 3 packets .* at least 100 each: a qdisc/,
	);
	t.is(orders.at(-1), 'up');
});

test('nor are packets that are lost', async t => {
	const system = machine({
		[pingOf(56, '10.0.0.7')]: {status: 1, out: echo('0.2', 97), err: ''},
	});
	const {exit, err} = await run({}, ['b'], {system});
	t.is(exit, 1);
	t.is(err[0], 'coloop: b: ordinary path: 3 of 100 echo requests lost');
	t.is(err[1], 'coloop: b: channel: 3 of 100 echo requests lost');
});

test('a machine without ping says so', async t => {
	const system = fakeSystem({programs: {'ip -j neigh show': neighbours}});
	const {exit, err, orders} = await run({}, ['b'], {system});
	t.is(exit, 1);
	t.regex(err[0] ?? '', /ping is not installed/);
	t.is(orders.at(-1), 'up');
});

test('a channel that does not come up is said to, and is not left down', async t => {
	const {exit, err, orders} = await run({isMute: true}, ['b', '-t', '0']);
	t.is(exit, 1);
	t.regex(err[0] ?? '', /^coloop: b: no channel yet, offered/);
	t.deepEqual(orders, ['down', 'up', 'up']);
});

for (const [state, reason, says] of [
	['held', null, /taken down with `coloop down`/],
	['refused', 'denied by 1.yaml:2:3', /b has no channel: denied by 1\.yaml:2:3/],
] as const) {
	test(`a peer that is ${state} is left alone`, async t => {
		const {exit, err, orders} = await run({state, reason}, ['b']);
		t.is(exit, 1);
		t.regex(err[0] ?? '', says);
		t.deepEqual(orders, []);
	});
}

test('who is no peer, and a peer whose address nobody knows', async t => {
	const stranger = await run({}, ['x']);
	t.is(stranger.exit, 1);
	t.regex(stranger.err.join('\n'), /x is no peer of this domain\n {2}coloop list/);
	const system = machine({'ip -j neigh show': '[]'});
	const unknown = await run({}, ['b'], {system});
	t.is(unknown.exit, 1);
	t.regex(unknown.err.join('\n'), /no address of it is known here\n {2}.*--address ADDRESS b/);
	t.deepEqual([...stranger.orders, ...unknown.orders], []);
});

test('the address may be said, and a link-local one has its device', async t => {
	const said = machine({[pingOf(56, 'db')]: echo('0.2'), [pingOf(1400, 'db')]: echo('0.2')});
	t.regex(
		(await run({}, ['b', '-A', 'db'], {system: said})).out.at(-1) ?? '',
		/^b \(db\): works/,
	);
	const local = machine({
		'ip -j neigh show': '[{"dst":"fe80::2","dev":"eth0","lladdr":"00:16:3e:00:00:02"}]',
		[pingOf(56, 'fe80::2%eth0')]: echo('0.2'),
		[pingOf(1400, 'fe80::2%eth0')]: echo('0.2'),
	});
	t.regex((await run({}, ['b'], {system: local})).out.at(-1) ?? '', /^b \(fe80::2%eth0\): works/);
});

test('^C in the midst of it lets the channel come up again', async t => {
	const stop = new AbortController();
	const base = machine();
	const system: System = {
		...base,
		run(program, ...args) {
			if (program === 'ping') {
				stop.abort();
			}

			return base.run(program, ...args);
		},
	};
	const {exit, out, err, orders} = await run({}, ['b'], {system, signal: stop.signal});
	t.is(exit, 130);
	t.deepEqual(out, []);
	t.regex(err[0] ?? '', /interrupted/);
	t.deepEqual(orders, ['down', 'up']);
});

test('so does SIGINT, of the real program with real children', async t => {
	const {handle, orders} = daemonOf({});
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	t.teardown(() => rm(folder, {recursive: true}));
	await writeFile(join(folder, 'ip'), `#!/bin/sh\necho '${neighbours}'\n`, {mode: 0o755});
	await writeFile(join(folder, 'ping'), '#!/bin/sh\nexec sleep 1\n', {mode: 0o755});
	const status = await withDaemon(handle, async socket => {
		const child = spawn(process.execPath, [program, '-s', socket, 'test', 'b'], {
			env: {...process.env, PATH: `${folder}:${process.env['PATH']}`},
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		const closed = once(child, 'close');
		await until('down', () => orders.includes('down'));
		child.kill('SIGINT');

		return (await closed)[0] as number;
	});
	t.is(status, 130);
	t.deepEqual(orders, ['down', 'up']);
});

test('names are wide and evil', async t => {
	const {out} = await run({peer: '数据库\u001b[2J'}, ['2']);
	t.regex(out.at(-1) ?? '', /^数据库\\u\{1b\}\[2J \(10\.0\.0\.7\): works/);
});

test('the real machine: a port that refuses answers, and so does one that listens', async t => {
	const {createServer} = await import('node:net');
	const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.1');
	await new Promise(resolve => server.once('listening', resolve));
	const {port} = server.address() as {port: number};
	const open = await realSystem.connect('127.0.0.1', port);
	t.true(open.isOpen);
	t.true((open.ms ?? -1) >= 0);
	await new Promise(resolve => server.close(resolve));
	const refused = await realSystem.connect('127.0.0.1', port);
	t.false(refused.isOpen);
	t.true((refused.ms ?? -1) >= 0);
	t.is(await realSystem.run('no-such-program'), undefined);
	t.deepEqual(await realSystem.run('sh', '-c', 'echo a; echo b >&2; exit 3'), {
		...{status: 3, out: 'a\n', err: 'b\n'},
	});
	t.is(await realSystem.read('/no/such/file'), undefined);
	t.deepEqual(await realSystem.list('/no/such/folder'), []);
});
