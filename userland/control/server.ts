// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {chmod, lstat, mkdir, rm} from 'node:fs/promises';
import {connect, createServer, type Server, type Socket} from 'node:net';
import {dirname} from 'node:path';
import {ColoopError} from '../errors.ts';
import {
	maxRequest,
	parseRequest,
	refuse,
	type Answer,
	type Observation,
	type Request,
} from './protocol.ts';

type Handle = (request: Request) => Promise<Answer>;
/** Ends where nobody may wait for the rest any more. */
type Observe = (request: Observation, signal: AbortSignal) => AsyncIterable<Answer> | undefined;

/**
 * Answers requests on a local socket that only root can open, until the signal aborts. Who serves a
 * path has locked it before (daemon/locks.ts), since to look and then to listen is not one step.
 * `listening` is called once whoever asks is answered.
 */
export async function serve(
	path: string,
	handle: Handle,
	signal: AbortSignal,
	listening: () => void = () => {},
	observe: Observe = () => undefined,
): Promise<void> {
	await mkdir(dirname(path), {recursive: true, mode: 0o700});
	await clear(path);
	const open = new Set<Socket>();
	// Half-open: one who ends his side after the request still gets the answer.
	const server = createServer({allowHalfOpen: true}, socket => {
		open.add(socket);
		socket.on('close', () => open.delete(socket));
		converse(socket, handle, observe);
	});
	await listen(server, path);
	listening();

	if (!signal.aborted) {
		await once(signal, 'abort');
	}
	for (const socket of open) {
		socket.destroy();
	}
	server.close();
	await once(server, 'close');
}

/** The socket file is never there with wider rights: it gets its mode from the umask. */
async function listen(server: Server, path: string): Promise<void> {
	const umask = process.umask(0o177);
	try {
		server.listen(path);
		await once(server, 'listening');
	} finally {
		process.umask(umask);
	}
	await chmod(path, 0o600);
}

/** A socket left by a daemon that died is removed; one that answers belongs to another daemon. */
async function clear(path: string): Promise<void> {
	if (await isServed(path)) {
		throw new ColoopError('USAGE', `another coloopd answers on ${path}`, {
			hint: 'stop it first: systemctl stop coloopd',
		});
	}
	const there = await lstat(path).catch(() => undefined);
	if (there && !there.isSocket()) {
		throw new ColoopError('USAGE', `${path}: expected a socket or nothing, got another file`, {
			hint: 'remove it, or give coloopd another --socket',
		});
	}
	await rm(path, {force: true});
}

/** Whether a daemon answers there. */
export async function isServed(path: string): Promise<boolean> {
	const probe = connect(path);
	try {
		await once(probe, 'connect');

		return true;
	} catch {
		return false;
	} finally {
		probe.destroy();
	}
}

function converse(socket: Socket, handle: Handle, observe: Observe): void {
	let text = '';
	socket.setEncoding('utf8');
	const answerOnce = (line: string) => {
		socket.removeAllListeners('data').removeAllListeners('end').resume();
		answerTo(line, socket, {handle, observe}).catch(() => socket.destroy());
	};
	socket.on('error', () => socket.destroy());
	socket.on('data', (chunk: string) => {
		text += chunk;
		const end = text.indexOf('\n');
		if (end >= 0 || text.length > maxRequest) {
			answerOnce(end < 0 ? '' : text.slice(0, end));
		}
	});
	socket.on('end', () => (text === '' ? socket.end() : answerOnce(text)));
}

async function answerTo(
	line: string,
	socket: Socket,
	{handle, observe}: {handle: Handle; observe: Observe},
): Promise<void> {
	const reply = (answer: Answer) => socket.end(lineOf(answer));
	try {
		const request = parseRequest(line);
		if (request.op !== 'observe') {
			reply(await handle(request));
		} else {
			await stream(socket, signal => observe(request, signal));
		}
	} catch (error) {
		reply(refuse(error));
	}
}

/** A reader that is too slow is hung up on: what it would wait with is memory of ours. */
async function stream(
	socket: Socket,
	open: (signal: AbortSignal) => AsyncIterable<Answer> | undefined,
): Promise<void> {
	const gone = new AbortController();
	socket.on('close', () => gone.abort());
	const answers = open(gone.signal);
	if (answers === undefined) {
		throw new ColoopError('PROTOCOL', 'request.op: this coloopd keeps no events');
	}
	for await (const answer of answers) {
		if (!socket.write(lineOf(answer))) {
			await Promise.race([once(socket, 'drain'), once(gone.signal, 'abort')]);
		}
	}
	socket.end();
	/* What is not taken now never is. */
	setTimeout(() => socket.destroy(), 1000).unref();
}

function lineOf(answer: Answer): string {
	return `${JSON.stringify(answer)}\n`;
}
