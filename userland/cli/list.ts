// SPDX-License-Identifier: MIT
import {narrow} from '../control/narrow.ts';
import {rankOf} from '../control/pairs.ts';
import type {PairStatus, PeerStatus, Status} from '../control/protocol.ts';
import {pairBlock, peerBlock} from './blocks.ts';
import {table} from './render.ts';
import {age, bytes} from './units.ts';

export type Form = 'text' | 'brief';

/** One line a peer; in dom0 one a pair of the host, the most interesting first. */
export function list(status: Status, form: Form, now: number): string[] {
	const rows = status.pairs
		? byInterest(status.pairs).map(pair => pairRow(pair, now))
		: byTraffic(status.peers, peerBytes).map(peer => peerRow(peer, now));
	const what = status.pairs ? 'pair' : 'peer';
	if (form === 'brief') {
		return table(
			rows.map(([name, domid, state, , , , , why]) =>
				[name, domid, state, why].map(cell => cell ?? ''),
			),
		);
	}
	if (rows.length === 0) {
		return [`no ${what}s`, ...leftLine(status)];
	}
	const head = [what, 'domid', 'state', 'sent', 'received', 'packets', 'since', 'why'];

	return [...table([head, ...rows], new Set([3, 4, 5])), ...leftLine(status)];
}

/** Blocks: of one domain, of a pair, or of all there is; in dom0 of pairs. */
export function show(
	status: Status,
	names: string | readonly string[] | undefined,
	now: number,
): string[] {
	const {pairs, peers} = narrow(status, [names ?? []].flat());
	const blocks = pairs
		? byInterest(pairs).map(pair => pairBlock(pair, status, now))
		: byTraffic(peers, peerBytes).map(peer => peerBlock(peer, now));

	return [
		...blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
		...leftLine(status),
	];
}

function leftLine({pairs_left: {open, refused} = {open: 0, refused: 0}}: Status): string[] {
	const texts = [
		open > 0 ? `${open} pairs more have no channel yet` : [],
		refused > 0 ? `${refused} pairs more are refused` : [],
	].flat();

	return texts.length > 0 ? [`${texts.join(', ')}: coloop list --all`] : [];
}

function peerRow(peer: PeerStatus, now: number): string[] {
	return [
		peer.peer,
		String(peer.domid),
		peer.state,
		bytes(peer.tx_bytes),
		bytes(peer.rx_bytes),
		String(peer.tx_packets + peer.rx_packets),
		peer.since === null ? '-' : age(now - peer.since),
		peer.reason ?? '',
	];
}

function pairRow(pair: PairStatus, now: number): string[] {
	return [
		`${pair.a.name} <-> ${pair.b.name}`,
		`${pair.a.domid} ${pair.b.domid}`,
		pair.state,
		bytes(pair.a_to_b_bytes),
		bytes(pair.b_to_a_bytes),
		String(pair.a_to_b_packets + pair.b_to_a_packets),
		pair.since === null ? '-' : age(now - pair.since),
		pair.reason ?? '',
	];
}

function peerBytes(peer: PeerStatus): number {
	return peer.tx_bytes + peer.rx_bytes;
}

function pairBytes(pair: PairStatus): number {
	return pair.a_to_b_bytes + pair.b_to_a_bytes;
}

/** Those that matter most first, and of those the most active. */
function byInterest(pairs: readonly PairStatus[]): PairStatus[] {
	return byTraffic(pairs, pairBytes).sort((a, b) => rankOf(a) - rankOf(b));
}

/** Most active first; the sort is stable, so the others stay in the order of their domids. */
function byTraffic<T>(items: readonly T[], size: (item: T) => number): T[] {
	return [...items].sort((a, b) => size(b) - size(a));
}
