// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import {ColoopError} from '../errors.ts';
import {maxLine, parseAnswer, type Request, type Status, type Want} from './protocol.ts';

/** Asks the daemon; throws the ColoopError that it answers with. */
export async function ask(path: string, request: Request): Promise<Status | undefined> {
	const socket = await open(path);
	try {
		socket.write(`${JSON.stringify(request)}\n`);
		const answer = parseAnswer(await readLine(socket));
		if (answer.ok) {
			return answer.status;
		}
		const {code, message, hint} = answer;
		throw new ColoopError(code, message, hint === undefined ? {} : {hint});
	} finally {
		socket.destroy();
	}
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
	const socket = connect(path);
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
		throw error instanceof ColoopError ? error : hungUp(error);
	}
	throw hungUp();
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
