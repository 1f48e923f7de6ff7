// SPDX-License-Identifier: MIT
import {connect as connectSocket} from 'node:net';
import {ColoopError} from '../errors.ts';

/** JSON-RPC 1.0 over a Unix socket, as ovsdb-server (RFC 7047) and `ovs-appctl` speak it. */
export type JsonRpc = {
	/** Throws what the other side calls an error, or that it has gone, or does not answer. */
	call(method: string, ...params: readonly unknown[]): Promise<unknown>;
	close(): void;
};

type Message = {
	readonly id?: unknown;
	readonly method?: unknown;
	readonly params?: unknown;
	readonly result?: unknown;
	readonly error?: unknown;
};

type Options = {
	/** A notification came. */
	readonly notified?: (message: Message) => void;
	/** The connection is over, for whatever reason but `close()`. */
	readonly lost?: (error: Error) => void;
	/** Milliseconds for an answer. */
	readonly timeout?: number;
};

/** Longer is no answer of Open vSwitch, and not worth the memory. */
const messageMax = 64 << 20;

export function openJsonRpc(path: string, options: Options = {}): JsonRpc {
	const {timeout = 2000} = options;
	/* Who listens does not keep the process from its end; who waits for an answer does. */
	const socket = connectSocket(path).setEncoding('utf8').unref();
	const waiting = new Map<number, (answer: Message | Error) => void>();
	const splitter = createSplitter();
	let lastId = 0;
	let over: Error | undefined;

	const fail = (error: Error) => {
		if (over === undefined) {
			over = error;
			socket.destroy();
			waiting.forEach(settle => settle(error));
			waiting.clear();
			options.lost?.(error);
		}
	};
	const take = (message: Message) => {
		/* The server asks now and then whether we are still here. */
		if (message.method === 'echo') {
			socket.write(JSON.stringify({id: message.id, result: message.params, error: null}));
		} else if (message.method !== undefined) {
			options.notified?.(message);
		} else if (typeof message.id === 'number') {
			waiting.get(message.id)?.(message);
			waiting.delete(message.id);
		}
	};

	socket.on('data', (text: string) => {
		try {
			splitter(text).forEach(take);
		} catch (error) {
			fail(error instanceof Error ? error : new Error(String(error)));
		}
	});
	socket.on('error', fail);
	socket.on('close', () => fail(new Error('the connection was closed')));

	return {
		async call(method, ...params) {
			const id = ++lastId;
			const answer = await new Promise<Message | Error>(resolve => {
				const timer = setTimeout(() => resolve(new Error('no answer in time')), timeout);
				const settle = (each: Message | Error) => {
					clearTimeout(timer);
					resolve(each);
				};
				if (over) {
					settle(over);
				} else {
					waiting.set(id, settle);
					socket.write(JSON.stringify({id, method, params}));
				}
			});

			return resultOf(answer, `${path}: ${method}`);
		},
		close() {
			over ??= new Error('closed');
			socket.destroy();
			waiting.forEach(settle => settle(new Error('closed')));
		},
	};
}

function resultOf(answer: Message | Error, what: string): unknown {
	if (answer instanceof Error) {
		throw new ColoopError('FIREWALL', `${what}: ${answer.message}`, {cause: answer});
	}
	if (answer.error !== null && answer.error !== undefined) {
		const text = typeof answer.error === 'string' ? answer.error : JSON.stringify(answer.error);
		throw new ColoopError('FIREWALL', `${what}: ${text.trim()}`);
	}

	return answer.result;
}

/** Messages follow each other without anything between: each ends where its braces are closed. */
function createSplitter(): (text: string) => Message[] {
	let kept = '';
	let scanned = 0;
	let depth = 0;
	let isString = false;

	return text => {
		const messages: Message[] = [];
		kept += text;
		for (; scanned < kept.length; scanned++) {
			const character = kept[scanned];
			if (isString) {
				if (character === '\\') {
					scanned++;
				} else if (character === '"') {
					isString = false;
				}
			} else if (character === '"') {
				isString = true;
			} else if (character === '{') {
				depth++;
			} else if (character === '}' && --depth === 0) {
				messages.push(JSON.parse(kept.slice(0, scanned + 1)) as Message);
				kept = kept.slice(scanned + 1);
				scanned = -1;
			}
		}
		if (kept.length > messageMax) {
			throw new Error('a message is too long');
		}

		return messages;
	};
}
