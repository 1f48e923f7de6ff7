// SPDX-License-Identifier: MIT
import type {Peer} from '../../kernel/kernel.ts';
import type {Clock} from '../clock.ts';

/** Packets that a rule of ours keeps on the ordinary path, and how many since that began. */
export type Detour = {readonly reason: string; readonly packets: bigint};

/**
 * Which peers' packets take the ordinary path because of how our device is set up. The module only
 * counts them; a count that grows says that it is so now.
 */
export type Detours = {
	/** Answers whether another rule, or none, is in the way of one of them now. */
	update(peers: readonly Peer[]): boolean;
	/** Has a count grown of a rule that is not known to be in the way now? */
	isNews(peer: Peer): boolean;
	of(domid: number): Detour | undefined;
};

type Count = {
	readonly packets: bigint;
	/** When it last grew, and what it was before it began to. */
	readonly grewAt: number;
	readonly before: bigint;
};

/* Other reasons are of single packets, and pass. */
const reasons = ['qdisc', 'tc', 'size'];

/** A rule that nothing has met for so long may be gone. */
const recent = 60_000;

export function createDetours(clock: Clock): Detours {
	const seen = new Map<number, Map<string, Count>>();

	const isRecent = ({grewAt}: Count) => clock.now() - grewAt < recent;
	const of = (domid: number): Detour | undefined => {
		const grown = [...(seen.get(domid) ?? [])].filter(([, count]) => isRecent(count));
		const [reason, count] = grown.sort(([, a], [, b]) => b.grewAt - a.grewAt)[0] ?? [];
		if (reason === undefined || count === undefined) {
			return undefined;
		}

		return {reason, packets: count.packets - count.before};
	};
	const next = (count: Count | undefined, packets: bigint): Count => {
		/* A peer that was made anew counts from 0. */
		if (count === undefined || packets < count.packets) {
			return {packets, grewAt: -Infinity, before: packets};
		}
		if (packets === count.packets) {
			return count;
		}

		return {
			packets,
			grewAt: clock.now(),
			before: isRecent(count) ? count.before : count.packets,
		};
	};
	let before = new Map<number, string>();

	return {
		update(peers) {
			const here = new Set(peers.map(({domid}) => domid));
			for (const domid of seen.keys()) {
				if (!here.has(domid)) {
					seen.delete(domid);
				}
			}
			for (const {domid, ordinary} of peers) {
				const counts = seen.get(domid) ?? new Map<string, Count>();
				for (const reason of reasons) {
					counts.set(reason, next(counts.get(reason), ordinary.get(reason) ?? 0n));
				}
				seen.set(domid, counts);
			}
			const now = new Map(
				[...here].flatMap(domid => {
					const reason = of(domid)?.reason;

					return reason === undefined ? [] : [[domid, reason] as const];
				}),
			);
			const isNew =
				now.size !== before.size || [...now].some(([d, r]) => before.get(d) !== r);
			before = now;

			return isNew;
		},
		isNews({domid, ordinary}) {
			const counts = seen.get(domid);

			return reasons.some(reason => {
				const count = counts?.get(reason);
				const packets = ordinary.get(reason) ?? 0n;

				return packets > (count?.packets ?? 0n) && !(count && isRecent(count));
			});
		},
		of,
	};
}
