// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import {fitSocketPath} from '../socket-path.ts';
import {ColoopError} from '../errors.ts';
import {
	maxLine,
	parseAnswer,
	type Answer,
	type Request,
	type PeerEvent,
	type Status,
	type Want,
} from './protocol.ts';

/** Asks the daemon; throws the ColoopError that it answers with. */
export async function ask(path: string, request: Request): Promise<Status | undefined> {
	const socket = await open(path);
	try {
		socket.write(`${JSON.stringify(request)}\n`);

		return orThrow(parseAnswer(await readLine(socket))).status;
	} finally {
		socket.destroy();
	}
}

/**
 * What the daemon remembers of its peers, the oldest first, and `now`; with `follow` what happens then,
 * until the signal aborts. Throws NO_DAEMON where the daemon ends, or takes us for too slow.
 */
export async function* observe(
	path: string,
	follow: boolean,
	signal: AbortSignal,
): AsyncGenerator<PeerEvent | 'now'> {
	const socket = await open(path);
	const stop = () => socket.destroy();
	signal.addEventListener('abort', stop);
	try {
		socket.write(`${JSON.stringify({op: 'observe', follow})}\n`);
		for await (const line of linesOf(socket)) {
			const {event} = orThrow(parseAnswer(line));
			yield event ?? 'now';
			if (event === undefined && !follow) {
				return;
			}
		}
	} catch (error) {
		if (!signal.aborted) {
			throw isRefusedRequest(error) ? tooOld(error) : asHungUp(error);
		}
	} finally {
		signal.removeEventListener('abort', stop);
		stop();
	}
	if (!signal.aborted) {
		throw hungUp();
	}
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
	let text = '';
	for await (const chunk of socket.setEncoding('utf8')) {
		const lines = `${text}${String(chunk)}`.split('\n');
		text = lines.pop() ?? '';
		yield* lines;
	}
}

function orThrow(answer: Answer): Extract<Answer, {ok: true}> {
	if (answer.ok) {
		return answer;
	}
	const {code, message, hint} = answer;
	throw new ColoopError(code, message, hint === undefined ? {} : {hint});
}

function tooOld(cause: unknown): ColoopError {
	return new ColoopError('PROTOCOL', 'this coloopd is too old to tell what happens', {
		cause,
		hint: 'coloop version says how old; systemctl restart coloopd starts the installed one',
	});
}

/** Longer than any request takes; a daemon that hangs must not hang us. */
const patience = 30_000;

function tooSlow(): ColoopError {
	return new ColoopError('NO_DAEMON', `coloopd has not answered in ${patience / 1000} s`, {
		hint: 'see its log; restarting it leaves live channels alone',
	});
}

/** What is wanted, or more: a daemon older than us tells everything. */
export async function askStatus(path: string, want?: Want): Promise<Status> {
	const status = await (want === undefined
		? ask(path, {op: 'status'})
		: ask(path, {op: 'status', want}).catch(error => {
				if (isRefusedRequest(error)) {
					return ask(path, {op: 'status'});
				}
				throw error;
			}));
	if (status) {
		return status;
	}
	throw new ColoopError('PROTOCOL', 'answer.status: expected the status, got nothing');
}

/** A daemon refuses requests with a key that it does not know. */
function isRefusedRequest(error: unknown): boolean {
	return (
		error instanceof ColoopError &&
		error.code === 'PROTOCOL' &&
		error.message.startsWith('request')
	);
}

async function open(path: string): Promise<Socket> {
	const socket = connect(fitSocketPath(path, '--socket'));
	try {
		await once(socket, 'connect');

		return socket;
	} catch (cause) {
		const isForbidden = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
		throw isForbidden
			? new ColoopError('USAGE', `${path} is for root only`, {
					cause,
					hint: 'run coloop as root',
				})
			: new ColoopError('NO_DAEMON', `coloopd does not answer on ${path}`, {
					cause,
					hint: 'start it: systemctl start coloopd, or coloopd as root',
				});
	}
}

async function readLine(socket: Socket): Promise<string> {
	const parts: string[] = [];
	let length = 0;
	socket.setEncoding('utf8');
	socket.setTimeout(patience, () => socket.destroy(tooSlow()));
	try {
		for await (const chunk of socket) {
			const text = String(chunk);
			const end = text.indexOf('\n');
			parts.push(end < 0 ? text : text.slice(0, end));
			if (end >= 0) {
				return parts.join('');
			}
			length += text.length;
			if (length > maxLine) {
				throw tooLong();
			}
		}
	} catch (error) {
		/* Killed with our request unread, it resets the connection. */
		throw asHungUp(error);
	}
	throw hungUp();
}

function asHungUp(error: unknown): unknown {
	return error instanceof ColoopError ? error : hungUp(error);
}

function tooLong(): ColoopError {
	return new ColoopError('PROTOCOL', `answer: expected at most ${maxLine} characters`);
}

function hungUp(cause?: unknown): ColoopError {
	return new ColoopError('NO_DAEMON', 'coloopd hung up before it had answered', {
		cause,
		hint: 'see its log for the reason',
	});
}
