// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {chmod, lstat, mkdir, rm} from 'node:fs/promises';
import {connect, createServer, type Server, type Socket} from 'node:net';
import {dirname} from 'node:path';
import {ColoopError} from '../errors.ts';
import {maxRequest, parseRequest, refuse, type Answer, type Request} from './protocol.ts';

/**
 * Answers requests on a local socket that only root can open, until the signal aborts. Who serves a
 * path has locked it before (daemon/locks.ts), since to look and then to listen is not one step.
 * `listening` is called once whoever asks is answered.
 */
export async function serve(
	path: string,
	handle: (request: Request) => Promise<Answer>,
	signal: AbortSignal,
	listening: () => void = () => {},
): Promise<void> {
	await mkdir(dirname(path), {recursive: true, mode: 0o700});
	await clear(path);
	const open = new Set<Socket>();
	// Half-open: one who ends his side after the request still gets the answer.
	const server = createServer({allowHalfOpen: true}, socket => {
		open.add(socket);
		socket.on('close', () => open.delete(socket));
		converse(socket, handle);
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

function converse(socket: Socket, handle: (request: Request) => Promise<Answer>): void {
	let text = '';
	const reply = (answer: Answer) => socket.end(`${JSON.stringify(answer)}\n`);
	socket.setEncoding('utf8');
	const answerOnce = (line: string) => {
		socket.removeAllListeners('data').removeAllListeners('end').resume();
		answerTo(line, handle).then(reply, () => socket.destroy());
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
	handle: (request: Request) => Promise<Answer>,
): Promise<Answer> {
	try {
		return await handle(parseRequest(line));
	} catch (error) {
		return refuse(error);
	}
}
