// SPDX-License-Identifier: MIT
import {eventQueue, type EventQueue} from '../event-queue.ts';
import {connectRequests, type Ask, type Requests} from './requests.ts';
import {formatPermission, parsePermission} from './permissions.ts';
import {refusalName} from './errors.ts';
import type {Store, StorePath, Transaction} from './store.ts';
import {openTransport} from './transport.ts';
import {checkPath, checkValue, splitTexts, terminated, types} from './wire.ts';

/** XenStore itself; throws NO_XEN where there is none. */
export async function openStore(): Promise<Store> {
	return storeOver(await connectRequests(openTransport));
}

/** A store on a connection that is there already, such as the one of a test. */
export function storeOver(requests: Requests): Store {
	const ask = checked(requests.ask);

	return {
		...transactionOver(requests.ask),
		async mkdir(path) {
			await ask(types.makeDirectory, path);
		},
		async getPermissions(path) {
			return splitTexts(await ask(types.getPermissions, path)).map(parsePermission);
		},
		async setPermissions(path, permissions) {
			await ask(types.setPermissions, path, ...permissions.map(formatPermission));
		},
		watch: (path, signal) => watch(requests, path, signal),
		transaction: work => transact(requests.ask, work),
		close: async () => requests.close(),
	};
}

/** Asks with a path and other texts. */
function checked(send: Ask) {
	return async (type: number, path: StorePath, ...more: readonly string[]) => {
		checkPath(path);

		return await send(type, path, terminated(path, ...more));
	};
}

function transactionOver(send: Ask): Transaction {
	const ask = checked(send);

	return {
		async read(path) {
			const value = await unlessAbsent(ask(types.read, path));

			return value === undefined ? undefined : Buffer.from(value).toString('utf8');
		},
		async write(path, value) {
			checkPath(path);
			checkValue(path, value);
			const body = Buffer.concat([terminated(path), Buffer.from(value)]);

			await send(types.write, path, body);
		},
		async list(path) {
			try {
				return splitTexts(await ask(types.directory, path));
			} catch (error) {
				switch (refusalName(error)) {
					case 'ENOENT':
						return [];
					case 'E2BIG':
						return await listInParts(async offset =>
							ask(types.directoryPart, path, String(offset)),
						);
					default:
						throw error;
				}
			}
		},
		async remove(path) {
			await unlessAbsent(ask(types.remove, path));
		},
	};
}

async function transact<T>(send: Ask, work: (store: Transaction) => Promise<T>): Promise<T> {
	const [id] = splitTexts(await send(types.transactionStart, '/', terminated('')));
	const within: Ask = (type, path, body) => send(type, path, body, Number(id));
	const end = (how: 'T' | 'F') => within(types.transactionEnd, '/', terminated(how));
	let result: T;

	try {
		result = await work(transactionOver(within));
	} catch (error) {
		// What can go wrong is that the connection is gone, and the transaction with it.
		await end('F').catch(() => {});
		throw error;
	}
	await end('T');

	return result;
}

/** Registered when called, not when first iterated: what happens in between is not missed. */
function watch(requests: Requests, path: StorePath, signal: AbortSignal): EventQueue<StorePath> {
	checkPath(path);
	let stop = () => {};
	const queue = eventQueue({signal, overflow: path, stop: () => stop()});

	if (!signal.aborted) {
		stop = requests.watch(path, queue);
	}

	return queue;
}

/** A list too long for one message; begun again when the node changed on the way. */
async function listInParts(part: (offset: number) => Promise<Uint8Array>): Promise<string[]> {
	let generation: string | undefined;
	let names: string[] = [];
	let offset = 0;

	for (;;) {
		const [current, ...texts] = splitTexts(await part(offset));

		if (generation !== undefined && current !== generation) {
			names = [];
			offset = 0;
			generation = undefined;
			continue;
		}
		generation = current;
		// An empty name ends the list.
		const found = texts.filter(text => text !== '');

		names.push(...found);
		offset += found.reduce((sum, name) => sum + name.length + 1, 0);
		if (found.length < texts.length || found.length === 0) {
			return names;
		}
	}
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (refusalName(error) === 'ENOENT') {
			return undefined;
		}
		throw error;
	}
}
