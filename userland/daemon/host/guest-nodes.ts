// SPDX-License-Identifier: MIT
import {parseDomid, pathsOf} from '../../xenstore/paths.ts';
import type {StorePath} from '../../xenstore/store.ts';
import {costs, type Budget} from './budget.ts';

/** Something that a guest changed and that is to be read. */
export type GuestNode =
	| {readonly kind: 'hello' | 'names' | 'vifs'}
	| {readonly kind: 'offer' | 'declined'; readonly about: number};

/**
 * What guests changed, until it is read. A node that changes a hundred times waits once, and each guest
 * is served as far as its budget goes.
 */
export type GuestNodes = {
	/** What a watch event on a domain's own nodes means. */
	hear(domid: number, path: StorePath): void;
	add(domid: number, node: GuestNode): void;
	/** Some of each guest's nodes, which no longer wait. */
	take(): Array<{readonly domid: number; readonly node: GuestNode}>;
	/** When there is something to take, in ms; undefined where nothing waits. */
	dueIn(): number | undefined;
	forget(domid: number): void;
};

/** Of one guest at a time, so that all have their turn. */
const atOnce = 16;

export function createGuestNodes(
	budget: Budget,
	/** Whether anybody wants to know what the domain says of the other. */
	isWanted: (domid: number, about: number) => boolean,
): GuestNodes {
	const waiting = new Map<number, Map<string, GuestNode>>();
	const add = (domid: number, node: GuestNode) => {
		const nodes = waiting.get(domid) ?? new Map<string, GuestNode>();
		waiting.set(
			domid,
			nodes.set('about' in node ? `${node.kind} ${node.about}` : node.kind, node),
		);
	};
	const takeFrom = (domid: number, nodes: Map<string, GuestNode>) => {
		const taken: GuestNode[] = [];

		for (const [key, node] of nodes) {
			if (taken.length === atOnce || !budget.take(domid, costOf(node))) {
				break;
			}
			nodes.delete(key);
			taken.push(node);
		}
		if (nodes.size === 0) {
			waiting.delete(domid);
		}

		return taken.map(node => ({domid, node}));
	};

	return {
		add,
		hear(domid, path) {
			const node = nodeOf(domid, path);

			if (node && (!('about' in node) || isWanted(domid, node.about))) {
				add(domid, node);
			}
		},
		take: () => [...waiting].flatMap(([domid, nodes]) => takeFrom(domid, nodes)),
		dueIn() {
			const waits = [...waiting].map(([domid, nodes]) => {
				const [first] = nodes.values();

				return first ? budget.dueIn(domid, costOf(first)) : 0;
			});

			return waits.length === 0 ? undefined : waits.reduce((a, b) => Math.min(a, b));
		},
		forget(domid) {
			waiting.delete(domid);
			budget.forget(domid);
		},
	};
}

function costOf({kind}: GuestNode): number {
	return kind === 'offer' || kind === 'declined' ? costs.node : costs[kind];
}

/** Undefined for what nobody reads: counters, which are read when somebody asks, and junk. */
function nodeOf(domid: number, path: StorePath): GuestNode | undefined {
	const {fromGuest, hello, offers, declined} = pathsOf(domid);
	if (path === hello) {
		return {kind: 'hello'};
	}
	/* Removed as a whole, or more events than the queue holds. */
	if (path === fromGuest || path === offers || path === declined) {
		return {kind: 'names'};
	}
	const [parent, name = ''] = [path.slice(0, path.lastIndexOf('/')), path.split('/').at(-1)];
	const about = parseDomid(name);
	if (about === undefined) {
		return undefined;
	}

	return parent === offers
		? {kind: 'offer', about}
		: parent === declined
			? {kind: 'declined', about}
			: undefined;
}
