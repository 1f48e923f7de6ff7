// SPDX-License-Identifier: MIT
import {eventQueue} from '../../userland/event-queue.ts';
import {
	checkSize,
	childrenOf,
	copyOf,
	cut,
	expectNode,
	type FakeWatch,
	fire,
	fireSpecial,
	lookup,
	make,
	mayWatchMore,
	newTree,
	owns,
	permit,
	type Tree,
} from './xenstore-tree.ts';
import {connectionLost, storeRefusal} from '../../userland/xenstore/errors.ts';
import type {Permission, Store, StorePath, Transaction} from '../../userland/xenstore/store.ts';
import {checkPath, checkValue, requestMax} from '../../userland/xenstore/wire.ts';

/** A XenStore in memory, with the permissions, watches and quotas of the real one in C. */
type FakeXenStore = {
	/** One more connection of that domain; the domain is introduced if it is not known yet. */
	connect(domid: number): Store;
	/** Makes what the toolstack makes for a guest, and says `@introduceDomain`. */
	introduce(domid: number, name?: string): void;
	/** Ends the domain: its tree and its connections go, and `@releaseDomain` is said. */
	release(domid: number): void;
};

type Connection = {readonly domid: number; alive: boolean};

export function fakeXenStore(): FakeXenStore {
	const tree = newTree();
	const connections = new Set<Connection>();

	function introduce(domid: number, name = domid === 0 ? 'Domain-0' : `domain-${domid}`): void {
		setUp(tree, domid, name);
		fireSpecial(tree, '@introduceDomain');
	}

	introduce(0);

	return {
		introduce,
		connect(domid) {
			const connection = {domid, alive: true};

			if (!tree.nodes.has(homeOf(domid))) {
				introduce(domid);
			}
			connections.add(connection);

			return storeOf(tree, connection);
		},
		release(domid) {
			for (const connection of connections) {
				if (connection.domid === domid) {
					disconnect(tree, connection);
					connections.delete(connection);
				}
			}
			cut(tree, homeOf(domid));
			fireSpecial(tree, '@releaseDomain');
		},
	};
}

function storeOf(tree: Tree, connection: Connection): Store {
	const {domid} = connection;

	/** Absolute, as xenstored would see it; throws as the client does where it would not send. */
	function resolve(path: StorePath, ...more: readonly string[]): StorePath {
		if (!connection.alive) {
			throw connectionLost();
		}
		checkPath(path);
		if (Buffer.byteLength([path, ...more].join('\0')) > requestMax) {
			throw storeRefusal(path, 'E2BIG');
		}

		return /^[/@]/.test(path) ? path : `${homeOf(domid)}/${path}`;
	}

	return {
		async read(path) {
			return lookup(tree, domid, resolve(path), 'read')?.value;
		},
		async write(path, value) {
			checkValue(path, value);
			const full = resolve(path, value);

			checkSize(domid, path, value);
			make(tree, domid, full).value = value;
			fire(tree, full);
		},
		async list(path) {
			const full = resolve(path);

			return lookup(tree, domid, full, 'read') === undefined ? [] : childrenOf(tree, full);
		},
		async remove(path) {
			const full = resolve(path);

			if (lookup(tree, domid, full, 'write') !== undefined) {
				cut(tree, full);
			}
		},
		async mkdir(path) {
			const full = resolve(path);

			if (lookup(tree, domid, full, 'write') === undefined) {
				make(tree, domid, full);
				fire(tree, full);
			}
		},
		async getPermissions(path) {
			return [...expectNode(tree, domid, resolve(path), 'read').permissions];
		},
		async setPermissions(path, permissions) {
			const full = resolve(path);
			const node = expectNode(tree, domid, full, 'write');
			const before = {...node};

			if (!owns(node, domid)) {
				throw storeRefusal(path, 'EACCES');
			}
			if (permissions.length === 0) {
				throw storeRefusal(path, 'EINVAL');
			}
			if (domid !== 0 && permissions[0]?.domid !== domid) {
				throw storeRefusal(path, 'EPERM');
			}
			permit(tree, node, permissions);
			fire(tree, full, before);
		},
		watch(path, signal) {
			const full = resolve(path);
			const base = /^[/@]/.test(path) ? '' : `${homeOf(domid)}/`;
			const queue = eventQueue({
				signal,
				overflow: path,
				stop: () => tree.watches.delete(watch),
			});
			const watch: FakeWatch = {connection, domid, path: full, base, queue};

			if (!mayWatchMore(tree, domid)) {
				queue.fail(storeRefusal(path, 'E2BIG'));
			} else if (!signal.aborted) {
				tree.watches.add(watch);
				queue.push(path);
			}

			return queue;
		},
		transaction: work => transact(tree, connection, work),
		close: async () => disconnect(tree, connection),
	};
}

/** Every change that others make meanwhile undoes it; for a real one only one to what it looked at does. */
async function transact<T>(
	tree: Tree,
	connection: Connection,
	work: (store: Transaction) => Promise<T>,
): Promise<T> {
	const {generation} = tree;
	const store = storeOf(tree, connection);
	const copy = storeOf(copyOf(tree), connection);
	const changes: (() => Promise<void>)[] = [];
	const note = async (change: (store: Store) => Promise<void>) => {
		await change(copy);
		changes.push(() => change(store));
	};
	const result = await work({
		read: copy.read,
		list: copy.list,
		write: (path, value) => note(each => each.write(path, value)),
		remove: path => note(each => each.remove(path)),
	});

	if (tree.generation !== generation) {
		throw storeRefusal('/', 'EAGAIN');
	}
	await Promise.all(changes.map(change => change()));

	return result;
}

function disconnect(tree: Tree, connection: Connection): void {
	connection.alive = false;
	for (const watch of tree.watches) {
		if (watch.connection === connection) {
			tree.watches.delete(watch);
			watch.queue.fail(connectionLost());
		}
	}
}

/** What libxl makes: a home that the guest may read, and `data` in it that it may write. */
function setUp(tree: Tree, domid: number, name: string): void {
	const home = homeOf(domid);
	const readable: Permission[] = [{domid: 0, access: 'none'}];

	if (domid !== 0) {
		readable.push({domid, access: 'read'});
	}
	permit(tree, make(tree, 0, home), readable);
	make(tree, 0, `${home}/domid`).value = String(domid);
	make(tree, 0, `${home}/name`).value = name;
	permit(tree, make(tree, 0, `${home}/data`), [{domid, access: 'none'}]);
}

function homeOf(domid: number): StorePath {
	return `/local/domain/${domid}`;
}
