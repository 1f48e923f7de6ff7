// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';
import type {LivePeer} from './sizes.ts';

/** What tells that channels carry nothing any more. */
export type Idle = {
	/** A look at all live channels; `timeouts` by domid, in seconds. Answers those that are idle since now. */
	update(live: readonly LivePeer[], timeouts: ReadonlyMap<number, number>): LivePeer[];
	/** A channel that is to end, as it carried nothing for so long: since when it is live. */
	mismatch(domid: number): bigint | undefined;
};

type Seen = {
	/** Names the life of the channel. */
	readonly since: bigint;
	readonly packets: bigint;
	/** The last look that found it to have carried something. */
	readonly at: number;
	readonly isOver: boolean;
};

export function createIdle(clock: Clock): Idle {
	let seen = new Map<number, Seen>();

	return {
		update(live, timeouts) {
			const now = clock.now();
			const before = seen;
			seen = new Map(live.map(peer => [peer.domid, look(peer, before, timeouts, now)]));

			return live.filter(({domid}) => seen.get(domid)?.isOver && !before.get(domid)?.isOver);
		},
		mismatch(domid) {
			const last = seen.get(domid);

			return last?.isOver ? last.since : undefined;
		},
	};
}

function look(
	{domid, channel}: LivePeer,
	before: ReadonlyMap<number, Seen>,
	timeouts: ReadonlyMap<number, number>,
	now: number,
): Seen {
	const {since} = channel;
	const packets = channel.txPackets + channel.rxPackets;
	const last = before.get(domid);
	const isQuiet = last?.since === since && last.packets === packets;
	const at = isQuiet ? last.at : now;
	const timeout = timeouts.get(domid) ?? Infinity;
	/* What was said to be over stays so: dom0 has heard of it. */
	const isOver = (last?.since === since && last.isOver) || now - at >= timeout * 1000;

	return {since, packets, at, isOver};
}
