// SPDX-License-Identifier: MIT
//
// A xenstored on a Unix socket: the wire in front, the tree of test/fakes behind.
import {rmSync} from 'node:fs';
import {mkdtemp} from 'node:fs/promises';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {formatPermission, parsePermission} from '../../../userland/xenstore/permissions.ts';
import {refusalName, storeRefusal} from '../../../userland/xenstore/errors.ts';
import type {Store, Transaction} from '../../../userland/xenstore/store.ts';
import {
	type Message,
	messageReader,
	splitTexts,
	terminated,
	types,
} from '../../../userland/xenstore/wire.ts';

export type Server = {
	readonly path: string;
	/** Hangs up on everybody. */
	hangUp(): void;
	close(): void;
};

type Options = {
	/**
	 * Behaves as the kernel's device: a watch is answered without the number of the request, and the
	 * body of a request is whatever was written last when its turn comes.
	 */
	readonly likeDevice?: boolean;
	/** Lists above this many bytes come in parts. */
	readonly listMax?: number;
};

type Client = {
	readonly socket: Socket;
	readonly store: Store;
	readonly watches: Map<string, AbortController>;
	readonly transactions: Map<number, OpenTransaction>;
};

type OpenTransaction = {
	readonly store: Transaction;
	/** Answers when it has happened, or not. */
	end(how: string): Promise<unknown>;
};

export async function serve(connect: () => Store, options: Options = {}): Promise<Server> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-xs-'));
	const path = join(folder, 'socket');
	const sockets = new Set<Socket>();
	const server = createServer(socket => {
		const client: Client = {
			...{socket, store: connect()},
			...{watches: new Map(), transactions: new Map()},
		};
		const read = messageReader();
		let latest: Uint8Array = new Uint8Array();

		sockets.add(socket);
		// A client that is killed leaves answers unread.
		socket.on('error', () => socket.destroy());
		socket.on('data', bytes => {
			for (const message of read(bytes)) {
				latest = message.body;
				setImmediate(() => {
					const body = options.likeDevice ? latest : message.body;

					void answer(client, {...message, body}, options);
				});
			}
		});
		socket.on('close', () => {
			sockets.delete(socket);
			void client.store.close();
		});
	});
	const hangUp = () => sockets.forEach(socket => socket.destroy());

	await new Promise<void>(resolve => server.listen(path, resolve));

	return {
		path,
		hangUp,
		close() {
			hangUp();
			server.close();
			rmSync(folder, {recursive: true});
		},
	};
}

async function answer(client: Client, message: Message, options: Options) {
	const {socket} = client;
	const {type, request} = message;
	const isWatch = type === types.watch || type === types.unwatch;

	try {
		const body = await perform(client, message, options);

		socket.write(reply(type, options.likeDevice && isWatch ? 0 : request, body));
	} catch (error) {
		socket.write(reply(types.error, request, terminated(refusalName(error) ?? 'EINVAL')));
	}
}

async function perform(
	client: Client,
	{type, body, transaction}: Message,
	{listMax = 4096}: Options,
): Promise<Uint8Array> {
	const opened = client.transactions.get(transaction);
	const store = {...client.store, ...opened?.store};
	const [path = '', ...more] = Buffer.from(body).toString().split('\0');
	const texts = type === types.write ? [] : splitTexts(body).slice(1);

	switch (type) {
		case types.read: {
			const value = await store.read(path);

			return value === undefined ? refuse('ENOENT') : Buffer.from(value);
		}
		case types.write:
			await store.write(path, more.join('\0'));

			return terminated('OK');
		case types.directory: {
			const names = terminated(...(await store.list(path)));

			return names.length > listMax ? refuse('E2BIG') : names;
		}
		case types.directoryPart:
			return listPart(await store.list(path), Number(texts[0]), listMax);
		case types.makeDirectory:
			await store.mkdir(path);

			return terminated('OK');
		case types.remove:
			await store.remove(path);

			return terminated('OK');
		case types.getPermissions:
			return terminated(...(await store.getPermissions(path)).map(formatPermission));
		case types.setPermissions:
			await store.setPermissions(path, texts.map(parsePermission));

			return terminated('OK');
		case types.watch:
			void forward(client, path, texts[0] ?? '');

			return terminated('OK');
		case types.unwatch:
			client.watches.get(texts[0] ?? '')?.abort();

			return terminated('OK');
		case types.transactionStart:
			return terminated(String(await begin(client)));
		case types.transactionEnd:
			client.transactions.delete(transaction);
			await (opened ?? refuse('ENOENT')).end(path);

			return terminated('OK');
		default:
			return refuse('ENOSYS');
	}
}

/** Opens a transaction that waits for its end, and answers with its number. */
async function begin({store, transactions}: Client): Promise<number> {
	const id = 1 + Math.max(0, ...transactions.keys());

	await new Promise<void>(started => {
		const ended = store.transaction(
			within =>
				new Promise<void>((resolve, reject) => {
					const end = async (how: string) => {
						if (how === 'T') {
							resolve();
							await ended;
						} else {
							reject(new Error('given up'));
							await ended.catch(() => {});
						}
					};
					transactions.set(id, {store: within, end});
					started();
				}),
		);
	});

	return id;
}

/** The generation, then whole names up to the limit, then an empty one at the end of the list. */
function listPart(names: readonly string[], offset: number, listMax: number): Uint8Array {
	const all = terminated(...names);
	const end = all.subarray(0, offset + listMax).lastIndexOf(0) + 1;
	const rest = all.subarray(offset, end);

	return Buffer.concat([
		terminated(String(names.length)),
		rest,
		...(end === all.length ? [terminated('')] : []),
	]);
}

async function forward({socket, store, watches}: Client, path: string, token: string) {
	const controller = new AbortController();

	watches.set(token, controller);
	try {
		for await (const event of store.watch(path, controller.signal)) {
			socket.write(reply(types.watchEvent, 0, terminated(event, token)));
		}
	} catch {
		// The store was closed with its connection.
	}
}

function reply(type: number, request: number, body: Uint8Array): Uint8Array {
	const header = Buffer.alloc(16);

	header.writeUInt32LE(type, 0);
	header.writeUInt32LE(request, 4);
	header.writeUInt32LE(body.length, 12);

	return Buffer.concat([header, body]);
}

function refuse(name: string): never {
	throw storeRefusal('', name);
}
