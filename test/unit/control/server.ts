// SPDX-License-Identifier: MIT
import {subscribe, unsubscribe} from 'node:diagnostics_channel';
import {once} from 'node:events';
import {link, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {connect, createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {ask, askStatus} from '../../../userland/control/client.ts';
import {parseAnswer, type Answer, type Request} from '../../../userland/control/protocol.ts';
import {serve} from '../../../userland/control/server.ts';
import {ColoopError} from '../../../userland/errors.ts';
import {statusOf} from './_status.ts';

type Handle = (request: Request) => Promise<Answer>;

async function withServer(handle: Handle, use: (path: string) => Promise<void>): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const path = join(folder, 'run', 'coloopd.sock');
	const stop = new AbortController();
	const served = serve(path, handle, stop.signal);
	try {
		while (!(await isThere(path))) {
			await new Promise(resolve => setImmediate(resolve));
		}
		await use(path);
	} finally {
		stop.abort();
		await served;
		await rm(folder, {recursive: true});
	}
}

async function isThere(path: string): Promise<boolean> {
	return askStatus(path).then(
		() => true,
		(error: ColoopError) => error.code !== 'NO_DAEMON',
	);
}

async function raw(path: string, text: string): Promise<Answer> {
	const socket = connect(path);
	await once(socket, 'connect');
	socket.write(text);
	let answer = '';
	for await (const chunk of socket.setEncoding('utf8')) {
		answer += String(chunk);
	}

	return parseAnswer(answer.trimEnd());
}

const good: Handle = async () => ({ok: true, status: statusOf()});

test('a request gets one answer', async t => {
	await withServer(good, async path => {
		t.deepEqual(await askStatus(path), statusOf());
	});
});

test('the socket is for root only', async t => {
	await withServer(good, async path => {
		t.is((await stat(path)).mode & 0o777, 0o600);
		t.is((await stat(join(path, '..'))).mode & 0o777, 0o700);
	});
});

test('an error keeps its code, its sentence and its hint', async t => {
	const handle: Handle = async () => {
		throw new ColoopError('PEER', 'no peer is called x', {hint: 'coloop list'});
	};
	await withServer(handle, async path => {
		const error = await t.throwsAsync(ask(path, {op: 'up', names: ['x']}), {
			instanceOf: ColoopError,
			message: 'no peer is called x',
		});
		t.is(error.code, 'PEER');
		t.is(error.hint, 'coloop list');
	});
});

for (const [what, text] of [
	['garbage', 'hello?\n'],
	['an unknown request', '{"op":"format"}\n'],
	['a request with too much', '{"op":"status","x":1}\n'],
	['too many names', '{"op":"up","names":["a","b","c"]}\n'],
	['an endless line', 'x'.repeat(100_000)],
] as const) {
	test(`${what} is refused, and the next request is served`, async t => {
		await withServer(good, async path => {
			t.like(await raw(path, text), {ok: false, code: 'PROTOCOL'});
			await t.notThrowsAsync(askStatus(path));
		});
	});
}

for (const [what, text] of [
	['a whole request', '{"op":"status"}\n'],
	['a request without its end of line', '{"op":"status"}'],
] as const) {
	test(`one who ends his side after ${what} gets the answer`, async t => {
		const late: Handle = async () => {
			await new Promise(resolve => setImmediate(resolve));

			return {ok: true, status: statusOf()};
		};
		await withServer(late, async path => {
			const socket = connect({path, allowHalfOpen: true});
			socket.end(text);
			let answer = '';
			for await (const chunk of socket.setEncoding('utf8')) {
				answer += String(chunk);
			}
			t.like(parseAnswer(answer.trimEnd()), {ok: true});
		});
	});
}

test('the socket of a living daemon is not replaced', async t => {
	await withServer(good, async path => {
		await t.throwsAsync(serve(path, good, new AbortController().signal), {
			message: /another coloopd answers/,
		});
	});
});

test('the socket of a dead daemon is replaced', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const path = join(folder, 'coloopd.sock');
	/* Closing removes a server's own name, and leaves this one. */
	const dead = createServer().listen(`${path}.own`);
	await once(dead, 'listening');
	await link(`${path}.own`, path);
	dead.close();
	const stop = new AbortController();
	const served = serve(path, good, stop.signal);
	while (!(await isThere(path))) {
		await new Promise(resolve => setImmediate(resolve));
	}
	stop.abort();
	await t.notThrowsAsync(served);
	await rm(folder, {recursive: true});
});

test('a file that is no socket stays', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const path = join(folder, 'coloopd.sock');
	await writeFile(path, 'dear');
	await t.throwsAsync(serve(path, good, new AbortController().signal), {
		message: /coloopd\.sock: expected a socket or nothing/,
	});
	t.is(await readFile(path, 'utf8'), 'dear');
	await rm(folder, {recursive: true});
});

test('without a daemon the client says how to start it', async t => {
	const error = await t.throwsAsync(askStatus('/nowhere/coloopd.sock'), {
		instanceOf: ColoopError,
	});
	t.is(error.code, 'NO_DAEMON');
	t.regex(error.hint ?? '', /start/);
});

test('the pairs of a host with many guests fit into an answer', async t => {
	const status = statusOf({problems: Array.from({length: 20}, () => 'x'.repeat(1 << 20))});
	await withServer(
		async () => ({ok: true, status}),
		async path => {
			t.deepEqual(await askStatus(path), status);
		},
	);
});

/* Serial, as it looks at every socket of the process. */
test.serial('a daemon killed before it has read is no more than absent', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const path = join(folder, 'coloopd.sock');
	const clients: Socket[] = [];
	const keep = (event: unknown) => clients.push((event as {socket: Socket}).socket);
	subscribe('net.client.socket', keep);
	const hasAsked = () => clients.some(each => each.bytesWritten > 0 && each.writableLength === 0);
	/* What it leaves unread makes the kernel reset the connection. */
	const server = createServer({pauseOnConnect: true}, async socket => {
		while (!hasAsked()) {
			await new Promise(resolve => setImmediate(resolve));
		}
		socket.destroy();
	}).listen(path);
	t.teardown(async () => {
		unsubscribe('net.client.socket', keep);
		server.close();
		await rm(folder, {recursive: true});
	});
	await once(server, 'listening');
	const error = await t.throwsAsync(askStatus(path), {instanceOf: ColoopError});
	t.is(error.code, 'NO_DAEMON');
	t.regex(error.message, /hung up/);
});

test('an answer that is not ours is said to be', async t => {
	t.throws(() => parseAnswer('{"ok":true,"status":{"version":1}}'), {
		message: /^answer\.status\.version: /,
	});
});

test('a reader of events who takes none is hung up on', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const path = join(folder, 'coloopd.sock');
	const stop = new AbortController();
	const ended = {count: 0};
	/* Yields without end, as long as somebody takes it; as the journal, ends where too much waits. */
	const observe = async function* (): AsyncGenerator<Answer> {
		try {
			for (let count = 0; count < 10_000; count++) {
				yield {ok: true, status: statusOf({problems: ['x'.repeat(1000)]})};
			}
		} finally {
			ended.count += 1;
		}
	};
	const served = serve(path, good, stop.signal, () => {}, observe);
	while (!(await isThere(path))) {
		await new Promise(resolve => setImmediate(resolve));
	}
	const socket = connect(path);
	await once(socket, 'connect');
	socket.pause();
	socket.write('{"op":"observe","follow":true}\n');
	await new Promise(resolve => setTimeout(resolve, 200));
	t.is(ended.count, 0, 'it waits, and reads no further');
	t.deepEqual(await askStatus(path), statusOf(), 'others are served');
	socket.destroy();
	while (ended.count === 0) {
		await new Promise(resolve => setTimeout(resolve, 5));
	}
	stop.abort();
	await served;
	await rm(folder, {recursive: true});
	t.pass();
});

test('the end of the daemon ends who observes', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const path = join(folder, 'coloopd.sock');
	const stop = new AbortController();
	const observe = async function* (_: unknown, signal: AbortSignal): AsyncGenerator<Answer> {
		yield {ok: true};
		await once(signal, 'abort');
	};
	const served = serve(path, good, stop.signal, () => {}, observe);
	while (!(await isThere(path))) {
		await new Promise(resolve => setImmediate(resolve));
	}
	const socket = connect(path).setEncoding('utf8');
	socket.write('{"op":"observe","follow":true}\n');
	t.deepEqual(await once(socket, 'data'), ['{"ok":true}\n']);
	const closed = once(socket, 'close');
	stop.abort();
	await served;
	await closed;
	await rm(folder, {recursive: true});
	t.pass();
});
