// SPDX-License-Identifier: MIT
//
// The rules of xenstore.ts: nodes, who may touch them, and who hears of it.
import type {EventQueue} from '../../userland/event-queue.ts';
import {storeRefusal} from '../../userland/xenstore/errors.ts';
import type {Permission, StorePath} from '../../userland/xenstore/store.ts';

type Node = {value: string; permissions: readonly Permission[]};

export type FakeWatch = {
	/** Whose it is; watches go with it. */
	readonly connection: object;
	readonly domid: number;
	/** Absolute, or a special one such as `@introduceDomain`. */
	readonly path: StorePath;
	/** What a relative path stood on; taken off the paths of events again. */
	readonly base: string;
	readonly queue: EventQueue<StorePath>;
};

export type Tree = {
	readonly nodes: Map<StorePath, Node>;
	readonly watches: Set<FakeWatch>;
	/** How many nodes each domain owns. */
	readonly owned: Map<number, number>;
	/** Another one after every change. */
	generation: number;
};

/** What C xenstored grants a guest, and its names for "no more"; dom0 has no limits. */
const quota = {nodes: 1000, nodeBytes: 2048, watches: 129} as const;

type Want = 'read' | 'write';

export function newTree(): Tree {
	const permissions = [{domid: 0, access: 'none'}] as const;

	return {
		nodes: new Map([['/', {value: '', permissions}]]),
		watches: new Set(),
		owned: new Map(),
		generation: 0,
	};
}

/** What a transaction works on. */
export function copyOf(tree: Tree): Tree {
	return {
		nodes: new Map([...tree.nodes].map(([path, node]) => [path, {...node}])),
		watches: new Set(),
		owned: new Map(tree.owned),
		generation: 0,
	};
}

/** The node, or undefined where there is none; throws where the domain may not know. */
export function lookup(tree: Tree, domid: number, path: StorePath, want: Want): Node | undefined {
	const node = tree.nodes.get(path);
	const judge = node ?? nearest(tree, path);

	if (judge === undefined || !may(judge, domid, want)) {
		throw storeRefusal(path, 'EACCES');
	}

	return node;
}

export function expectNode(tree: Tree, domid: number, path: StorePath, want: Want): Node {
	const node = lookup(tree, domid, path, want);

	if (node === undefined) {
		throw storeRefusal(path, 'ENOENT');
	}

	return node;
}

/** The node, made with its missing parents. Each inherits from its parent; a guest owns its own. */
export function make(tree: Tree, domid: number, path: StorePath): Node {
	const there = lookup(tree, domid, path, 'write');

	if (there !== undefined) {
		return there;
	}
	const parent = parentOf(path);
	const [first, ...others] = make(tree, domid, parent).permissions;
	const owner = {domid: 0, access: 'none', ...first, ...(domid !== 0 && {domid})} as const;
	const node = {value: '', permissions: [owner, ...others]};

	if (domid !== 0 && (tree.owned.get(domid) ?? 0) >= quota.nodes) {
		throw storeRefusal(path, 'ENOSPC');
	}
	tree.nodes.set(path, node);
	tree.generation += 1;
	count(tree, node, 1);

	return node;
}

/** Who is named first owns it from now on. */
export function permit(tree: Tree, node: Node, permissions: readonly Permission[]): void {
	count(tree, node, -1);
	node.permissions = [...permissions];
	count(tree, node, 1);
}

function count({owned}: Tree, {permissions}: Node, change: number): void {
	const owner = permissions[0]?.domid ?? 0;

	owned.set(owner, (owned.get(owner) ?? 0) + change);
}

/** Of the value alone; for a real one the names of the children count as well. */
export function checkSize(domid: number, path: StorePath, value: string): void {
	if (domid !== 0 && Buffer.byteLength(value) > quota.nodeBytes) {
		throw storeRefusal(path, 'ENOSPC');
	}
}

export function mayWatchMore({watches}: Tree, domid: number): boolean {
	const own = [...watches].filter(watch => watch.domid === domid);

	return domid === 0 || own.length < quota.watches;
}

export function childrenOf(tree: Tree, path: StorePath): string[] {
	const prefix = path === '/' ? '/' : `${path}/`;

	return [...tree.nodes.keys()]
		.filter(each => each.startsWith(prefix) && each !== '/')
		.map(each => each.slice(prefix.length))
		.filter(name => !name.includes('/'));
}

/** Takes the node and all below it away, and tells who watched any of them. */
export function cut(tree: Tree, path: StorePath): void {
	const gone = [...tree.nodes].filter(([each]) => isWithin(each, path));
	tree.generation += 1;

	for (const [each, node] of gone) {
		tree.nodes.delete(each);
		count(tree, node, -1);
	}
	for (const watch of tree.watches) {
		const mayHear = gone.some(([, node]) => may(node, watch.domid, 'read'));

		if (mayHear && isWithin(path, watch.path)) {
			tell(watch, path);
		} else if (mayHear && gone.some(([each]) => each === watch.path)) {
			tell(watch, watch.path);
		}
	}
}

/** Says a change to every watch at or above it whose domain may read the node, or could before. */
export function fire(tree: Tree, path: StorePath, before?: Node): void {
	const node = tree.nodes.get(path);
	tree.generation += 1;

	for (const watch of tree.watches) {
		const readable = [node, before].some(each => each && may(each, watch.domid, 'read'));

		if (isWithin(path, watch.path) && readable) {
			tell(watch, path);
		}
	}
}

/** Special events are for dom0 alone. */
export function fireSpecial(tree: Tree, name: StorePath): void {
	for (const watch of tree.watches) {
		if (watch.path === name && watch.domid === 0) {
			tell(watch, name);
		}
	}
}

export function owns(node: Node, domid: number): boolean {
	return domid === 0 || node.permissions[0]?.domid === domid;
}

function tell({base, queue}: FakeWatch, path: StorePath): void {
	queue.push(base !== '' && path.startsWith(base) ? path.slice(base.length) : path);
}

/** dom0 and the owner may do all; who is not named gets what the first entry says. */
function may(node: Node, domid: number, want: Want): boolean {
	const [first, ...others] = node.permissions;
	const access = (others.find(each => each.domid === domid) ?? first)?.access;

	return owns(node, domid) || access === 'both' || access === want;
}

function nearest(tree: Tree, path: StorePath): Node | undefined {
	return path === '/'
		? undefined
		: (tree.nodes.get(parentOf(path)) ?? nearest(tree, parentOf(path)));
}

function parentOf(path: StorePath): StorePath {
	return path.slice(0, path.lastIndexOf('/')) || '/';
}

function isWithin(path: StorePath, base: StorePath): boolean {
	return path === base || base === '/' || path.startsWith(`${base}/`);
}
