// SPDX-License-Identifier: MIT
import type {Channel, Peer} from '../../kernel/kernel.ts';
import type {DesiredPeer} from './desired.ts';

/*
 * What policy lets all our channels hold together. A channel holds the rings that we send through; the peer's
 * are the peer's.
 */

/** The same peers, but none that would take more than is left; `limit` in bytes. */
export function limitMemory(
	desiredPeers: readonly DesiredPeer[],
	kernel: ReadonlyMap<number, Peer>,
	limit: number,
): DesiredPeer[] {
	const isUp = ({config, refusal}: DesiredPeer) =>
		refusal === undefined && heldBy(kernel.get(config.domid)) > 0;
	let left = limit;

	/* Those that are there come first: they stay while there is room. */
	const fit = (desired: DesiredPeer, bytes: number): DesiredPeer => {
		if (bytes > left) {
			return {...desired, refusal: refusalOf(limit)};
		}
		left -= bytes;

		return desired;
	};
	const up = new Map(
		desiredPeers
			.filter(isUp)
			.map(each => [each.config.domid, fit(each, heldBy(kernel.get(each.config.domid)))]),
	);

	return desiredPeers.map(desired => {
		const peer = kernel.get(desired.config.domid);
		const kept = up.get(desired.config.domid);
		if (kept) {
			return kept.refusal ? kept : mayGrow(kept, heldBy(peer) + left);
		}
		const order = largest(desired, left);
		if (desired.refusal || order === undefined) {
			return desired.refusal ? desired : {...desired, refusal: refusalOf(limit)};
		}
		const smaller = {...mayGrow(desired, left), order: Math.min(desired.order, order)};
		const isSoon = smaller.isAsked || peer?.wanted === true;

		return isSoon ? fit(smaller, bytesOf(smaller.order, smaller.queues)) : smaller;
	});
}

function mayGrow(desired: DesiredPeer, bytes: number): DesiredPeer {
	const {range} = desired;
	const most = Math.min(range.most, largest(desired, bytes) ?? range.least);

	return {...desired, range: {least: Math.min(range.least, most), most}};
}

/** The largest order that so many bytes are enough for; undefined where they are too few for any. */
function largest({range, queues}: DesiredPeer, bytes: number): number | undefined {
	for (let order = range.most; order >= range.least; order--) {
		if (bytesOf(order, queues) <= bytes) {
			return order;
		}
	}

	return undefined;
}

function heldBy(peer: Peer | undefined): number {
	const channel = peer?.channel;

	return channel && holds(channel) ? bytesOf(channel.order ?? 0, channel.queues ?? 1) : 0;
}

/** Closed, broken and stalled hold no memory. */
function holds({state, order}: Channel): boolean {
	return order !== undefined && !['closed', 'broken', 'stalled'].includes(state);
}

function bytesOf(order: number, queues: number): number {
	return queues * (4096 << order);
}

function refusalOf(limit: number): DesiredPeer['refusal'] {
	const reason = `memory_mib: all channels together may hold ${limit / mib} MiB, and do`;

	return {code: 'memory', reason};
}

export const mib = 1024 * 1024;
