// SPDX-License-Identifier: MIT

/** A XenStore path, absolute (`/local/domain/0`) or, in a guest, relative to its own domain. */
export type StorePath = string;

/** One entry of a node's permission list; the first entry names the owner and everyone's default. */
export type Permission = {
	readonly domid: number;
	readonly access: 'none' | 'read' | 'write' | 'both';
};

/**
 * XenStore as both roles see it: the real one over its socket or `/dev/xen/xenbus` (client.ts),
 * or one in memory (test/fakes). One conformance suite holds for both.
 */
export type Store = {
	/** The node's value, or undefined where there is no such node. */
	read(path: StorePath): Promise<string | undefined>;
	/** Sets a value; missing parents are made. */
	write(path: StorePath, value: string): Promise<void>;
	/** Names of the children; empty where there is no such node. */
	list(path: StorePath): Promise<string[]>;
	/** Removes the node and all below it; a node that is not there is no error. */
	remove(path: StorePath): Promise<void>;
	/** Makes an empty node unless it is there. */
	mkdir(path: StorePath): Promise<void>;
	getPermissions(path: StorePath): Promise<Permission[]>;
	setPermissions(path: StorePath, permissions: readonly Permission[]): Promise<void>;
	/**
	 * Yields the path of every change at or below `path` (and of the special `@introduceDomain`,
	 * `@releaseDomain`), first once at registration. Events are hints: they may be repeated or
	 * merged; read again and compare. Ends when the signal aborts; throws when the connection dies.
	 */
	watch(path: StorePath, signal: AbortSignal): AsyncIterable<StorePath>;
	/**
	 * What `work` does happens at once when it ends, and not at all when it throws. A refusal with the
	 * name EAGAIN, and nothing done, where others have changed meanwhile what it looked at.
	 */
	transaction<T>(work: (store: Transaction) => Promise<T>): Promise<T>;
	close(): Promise<void>;
};

/** A store as it was when the transaction began, with the changes that were made in it. */
export type Transaction = Pick<Store, 'read' | 'write' | 'list' | 'remove'>;
