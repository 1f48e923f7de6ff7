// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {EventQueue} from '../event-queue.ts';
import {connectionLost, storeRefusal} from './errors.ts';
import type {StorePath} from './store.ts';
import {deviceRefusal, type Listener, type Transport} from './transport.ts';
import {encodeRequest, type Message, messageReader, splitTexts, terminated, types} from './wire.ts';

/** Requests under way on one connection, and its watches. */
export type Requests = {
	/** The body of the answer; a refusal is a ColoopError STORE that names the path. */
	ask: Ask;
	/** Events go to the queue until the function returned is called. */
	watch(path: StorePath, queue: EventQueue<StorePath>): () => void;
	close(): void;
};

export type Ask = (
	type: number,
	path: StorePath,
	body: Uint8Array,
	transaction?: number,
) => Promise<Uint8Array>;

type Pending = {
	readonly type: number;
	readonly path: StorePath;
	resolve(body: Uint8Array): void;
	reject(error: unknown): void;
};

/** Requests are numbered from the one after `firstNumber`. */
export async function connectRequests(
	open: (listener: Listener) => Promise<Transport>,
	firstNumber = 0,
): Promise<Requests> {
	const pending = new Map<number, Pending>();
	const watches = new Map<string, EventQueue<StorePath>>();
	let lastNumber = firstNumber;
	let lastToken = 0;
	let last: Promise<unknown> = Promise.resolve();
	let lost: unknown;
	const transport = await open({
		onData(bytes) {
			try {
				read(bytes).forEach(take);
			} catch (error) {
				transport.close();
				end(error);
			}
		},
		onEnd: cause => end(connectionLost(cause)),
	});
	const read = messageReader(transport.bodyMax);

	function end(error: unknown): void {
		lost ??= error;
		pending.forEach(({reject}) => reject(lost));
		watches.forEach(queue => queue.fail(lost));
		pending.clear();
		watches.clear();
	}

	function take(message: Message): void {
		if (message.type === types.watchEvent) {
			const [path = '', token = ''] = splitTexts(message.body);

			watches.get(token)?.push(path);

			return;
		}
		const number = pending.has(message.request)
			? message.request
			: unnumbered(pending, message);
		const request = pending.get(number);

		pending.delete(number);
		if (message.type === types.error) {
			request?.reject(storeRefusal(request.path, splitTexts(message.body)[0] ?? ''));
		} else if (message.type === request?.type) {
			request.resolve(message.body);
		} else {
			throw new ColoopError(
				'PROTOCOL',
				`XenStore gave an answer of type ${message.type} unasked`,
			);
		}
	}

	/** The protocol has 32 bits for it; 0 is what watch events bear, and the kernel's device answers with. */
	function nextNumber(): number {
		do {
			lastNumber = (lastNumber + 1) % 2 ** 32;
		} while (lastNumber === 0 || pending.has(lastNumber));

		return lastNumber;
	}

	const exchange: Ask = async (type, path, body, transaction) => {
		if (lost !== undefined) {
			throw lost;
		}
		const number = nextNumber();
		const message = encodeRequest(type, number, body, transaction);

		return await new Promise((resolve, reject) => {
			pending.set(number, {type, path, resolve, reject});
			try {
				transport.send(message);
			} catch (error) {
				const name = deviceRefusal(error);

				pending.delete(number);
				reject(name === undefined ? error : storeRefusal(path, name));
			}
		});
	};

	const ask: Ask = async (...request) => {
		if (!transport.oneAtATime) {
			return await exchange(...request);
		}
		const turn = last.then(async () => await exchange(...request));

		last = turn.catch(() => {});

		return await turn;
	};

	return {
		ask,
		watch(path, queue) {
			const token = String(++lastToken);
			const body = terminated(path, token);

			// The first event may overtake the answer.
			watches.set(token, queue);
			ask(types.watch, path, body).catch(error => {
				watches.delete(token);
				queue.fail(error);
			});

			return () => {
				if (watches.delete(token)) {
					// What can still go wrong is that the connection is gone, and the watch with it.
					ask(types.unwatch, path, body).catch(() => {});
				}
			};
		},
		close() {
			end(connectionLost());
			transport.close();
		},
	};
}

/** The kernel's device answers a watch or unwatch, in order, without the number of the request. */
function unnumbered(pending: ReadonlyMap<number, Pending>, message: Message): number {
	for (const [number, {type}] of pending) {
		if (message.request === 0 && message.type === type) {
			return number;
		}
	}

	return message.request;
}
