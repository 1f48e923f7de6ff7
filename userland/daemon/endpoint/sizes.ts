// SPDX-License-Identifier: MIT
import type {Channel, Peer} from '../../kernel/kernel.ts';
import type {Clock} from '../clock.ts';
import {isFilling, look, mayGrow, orderFor, within, type Range, type Size} from './size.ts';

export type LivePeer = Peer & {readonly channel: Channel};

/** The rings of a live channel ought to have another order now. */
export type Choice = {
	readonly peer: LivePeer;
	readonly order: number;
	/** For people. */
	readonly reason: 'full' | 'quiet' | 'policy';
};

/** The sizes of our rings, by peer; what decides them is in size.ts. */
export type Sizes = {
	/** For the next channel with a peer, of which the last that did not come up failed then. */
	orderFor(domid: number, range: Range, missedAt: number | undefined): number;
	/** A channel that is to end for the sake of its size: since when it is live. */
	sizeMismatch(domid: number): bigint | undefined;
	/** A look at all live channels; answers what it changed. */
	update(live: readonly LivePeer[], ranges: ReadonlyMap<number, Range>): Choice[];
	/** Might a look at this peer's channel, whose ring is full, be the first of those that grow it? */
	mayFill(domid: number, range: Range): boolean;
	/** A channel may have to grow: look again soon. */
	isFilling(): boolean;
	/** Only these peers are still of interest. */
	keep(domids: Iterable<number>): void;
};

export function createSizes(clock: Clock): Sizes {
	const sizes = new Map<number, Size>();
	let filling = false;

	const see = (peer: LivePeer, range: Range | undefined): Choice[] => {
		if (range === undefined) {
			return [];
		}
		const before = sizes.get(peer.domid);
		const size = look(before, peer.channel, range, clock.now());
		sizes.set(peer.domid, size);
		filling ||= isFilling(size, range, clock.now());
		if (!isSizeMismatch(size) || size.order === before?.order) {
			return [];
		}

		return [{peer, order: size.order, reason: reasonOf(size, range)}];
	};

	return {
		orderFor: (domid, range, missedAt) =>
			orderFor(sizes.get(domid), range, missedAt, clock.now()),
		sizeMismatch(domid) {
			const size = sizes.get(domid);

			return size && isSizeMismatch(size) ? size.seen.since : undefined;
		},
		update(live, ranges) {
			filling = false;

			return live.flatMap(peer => see(peer, ranges.get(peer.domid)));
		},
		mayFill(domid, range) {
			const size = sizes.get(domid);

			return !filling && (size === undefined || mayGrow(size, range, clock.now()));
		},
		isFilling: () => filling,
		keep(domids) {
			const kept = new Set(domids);
			for (const domid of sizes.keys()) {
				if (!kept.has(domid)) {
					sizes.delete(domid);
				}
			}
		},
	};
}

function isSizeMismatch({order, seen}: Size): boolean {
	return order !== seen.order;
}

function reasonOf({order, seen}: Size, range: Range): Choice['reason'] {
	const had = seen.order ?? 0;
	if (had !== within(had, range)) {
		return 'policy';
	}

	return order > had ? 'full' : 'quiet';
}
