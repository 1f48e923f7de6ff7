// SPDX-License-Identifier: MIT
import {execFile, execFileSync} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {Worker} from 'node:worker_threads';
import test, {type ExecutionContext} from 'ava';
import {openDevice, openSocket, SystemError} from '../../../userland/netlink-js/index.ts';
import {message, types} from './_messages.ts';

const dump = 0x301;
const getLink = 18;
const newLink = 16;
const done = 3;

async function fifo(t: ExecutionContext): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'netlink-js-'));
	const path = join(folder, 'fifo');

	t.teardown(() => rm(folder, {recursive: true}));
	execFileSync('mkfifo', [path]);

	return path;
}

test('a dump of links ends with a done message', async t => {
	const seen: number[] = [];

	await new Promise<void>((resolve, reject) => {
		const socket = openSocket(0, {
			onData(data) {
				seen.push(...types(data));
				if (seen.includes(done)) {
					socket.close();
					resolve();
				}
			},
			onError: reject,
		});
		t.true(socket.port > 0);
		socket.send(message(getLink, dump, new Uint8Array(16)));
	});
	t.is(seen.at(-1), done);
	t.true(seen.slice(0, -1).every(type => type === newLink));
});

test('generic netlink finds the family nlctrl', async t => {
	// genlmsghdr CTRL_CMD_GETFAMILY, then CTRL_ATTR_FAMILY_NAME "nlctrl".
	const request = new Uint8Array([3, 1, 0, 0, 11, 0, 2, 0, ...Buffer.from('nlctrl\0'), 0]);
	const answer = await new Promise<Uint8Array>((resolve, reject) => {
		const socket = openSocket(16, {
			onData(data) {
				socket.close();
				resolve(data);
			},
			onError: reject,
		});
		socket.send(message(16, 1, request));
	});

	t.true(Buffer.from(answer).includes('nlctrl'));
});

(process.getuid?.() === 0 ? test : test.skip)('multicast messages arrive (needs root)', async t => {
	const script = fileURLToPath(new URL('_flip-lo.js', import.meta.url));
	const {stdout} = await promisify(execFile)('unshare', ['-n', process.execPath, script]);

	t.is(stdout, 'link changed\n');
});

/** Asks for more than the socket holds: each is answered at once, and nothing read before the loop turns. */
function overrun(t: ExecutionContext, socket: ReturnType<typeof openSocket>): void {
	for (let count = 0; count < 100; count++) {
		try {
			socket.send(message(getLink, 5, new Uint8Array(16)));
		} catch (error) {
			t.true(error instanceof SystemError);
		}
	}
}

test('messages beyond the receive buffer are reported as ENOBUFS', async t => {
	const error = await new Promise<Error>(resolve => {
		const socket = openSocket(
			0,
			{
				onData() {},
				onError(error) {
					socket.close();
					resolve(error);
				},
			},
			{receiveBuffer: 1},
		);
		overrun(t, socket);
	});

	t.true(error instanceof SystemError && error.code === 'ENOBUFS', String(error));
});

test('messages go on after ENOBUFS', async t => {
	const answer = await new Promise<number[]>(resolve => {
		const socket = openSocket(
			0,
			{
				onData(data) {
					if (!types(data).includes(done)) {
						return;
					}
					socket.close();
					resolve(types(data));
				},
				// Its own answer may find no room either, which is one more error.
				onError: () => socket.send(message(getLink, dump, new Uint8Array(16))),
			},
			{receiveBuffer: 1},
		);
		overrun(t, socket);
	});

	t.is(answer.at(-1), done);
});

test('a refused system call names itself', t => {
	const nothing = {onData() {}, onError() {}};
	const error = t.throws(() => openSocket(99, nothing), {instanceOf: SystemError});

	t.is(error?.message, 'socket: EPROTONOSUPPORT');
	t.throws(() => openDevice('/does/not/exist', nothing), {message: 'open: ENOENT'});
	t.throws(() => openSocket(-1, nothing), {instanceOf: TypeError});
});

test('a path with a NUL is not the path before it', async t => {
	const path = `${await fifo(t)}\0.lock`;

	t.throws(() => openDevice(path, {onData() {}, onError() {}}), {instanceOf: TypeError});
});

test('a closed socket refuses and may be closed again', t => {
	const socket = openSocket(0, {onData() {}, onError() {}});

	socket.close();
	socket.close();
	t.throws(() => socket.send(new Uint8Array(16)), {message: 'send: EBADF'});
});

test('a device takes more than fits at once, and gives it back in order', async t => {
	// A FIFO open both ways returns what is written to it; it holds 64 KiB.
	const sent = Uint8Array.from({length: 300_000}, (_, at) => at % 251);
	const parts: Uint8Array[] = [];
	let length = 0;

	await fifo(t).then(
		path =>
			new Promise<void>((resolve, reject) => {
				const device = openDevice(path, {
					onData(data) {
						parts.push(data);
						length += data.length;
						if (length === sent.length) {
							device.close();
							resolve();
						}
					},
					onError: reject,
				});
				device.write(sent.subarray(0, 100_000));
				device.write(sent.subarray(100_000));
			}),
	);
	t.deepEqual(Buffer.concat(parts), Buffer.from(sent));
});

test('a thread may end with descriptors open', async t => {
	const worker = new Worker(new URL('_worker.js', import.meta.url), {workerData: await fifo(t)});
	const code = await new Promise<number>(resolve => worker.once('exit', resolve));

	t.is(code, 0);
});
