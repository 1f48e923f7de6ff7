// SPDX-License-Identifier: MIT
import {createGrowth, pairsPeriod} from '../control/growth.ts';
import type {Status} from '../control/protocol.ts';

/** What moves between two of a kind, each second. */
export type Rate = {
	readonly kind: 'peer' | 'pair';
	readonly name: string;
	readonly domid: number;
	readonly other: string | null;
	readonly other_domid: number | null;
	readonly state: string;
	/** Null before there are two looks. */
	readonly sent_bytes_per_s: number | null;
	readonly received_bytes_per_s: number | null;
	readonly packets_per_s: number | null;
	readonly dropped_per_s: number | null;
	readonly queued_bytes: number | null;
};

type Counters = {
	readonly sent: number;
	readonly received: number;
	readonly packets: number;
	readonly dropped: number;
};

/** Takes one look after the other, `now` in milliseconds that never jump, and answers what moves. */
export function createRates(): (status: Status, now: number) => Rate[] {
	const growth = createGrowth<Counters>();

	return (status, now) =>
		rowsOf(status).map(({shown, counters, queued}) => {
			const key = `${shown.kind} ${shown.domid} ${shown.other_domid ?? ''}`;
			const period = shown.kind === 'pair' ? pairsPeriod : 0;
			const rate = growth.of(key, counters, now / 1000, period);

			return {
				...shown,
				sent_bytes_per_s: rate?.sent ?? null,
				received_bytes_per_s: rate?.received ?? null,
				packets_per_s: rate?.packets ?? null,
				dropped_per_s: shown.kind === 'peer' ? (rate?.dropped ?? null) : null,
				queued_bytes: queued,
			};
		});
}

function rowsOf({peers, pairs}: Status) {
	return pairs
		? pairs.map(pair => ({
				shown: {
					...({kind: 'pair', name: pair.a.name, domid: pair.a.domid} as const),
					...{other: pair.b.name, other_domid: pair.b.domid, state: pair.state},
				},
				counters: {
					...{sent: pair.a_to_b_bytes, received: pair.b_to_a_bytes, dropped: 0},
					packets: pair.a_to_b_packets + pair.b_to_a_packets,
				},
				queued: null,
			}))
		: peers.map(peer => ({
				shown: {
					...({kind: 'peer', name: peer.peer, domid: peer.domid} as const),
					...{other: null, other_domid: null, state: peer.state},
				},
				counters: {
					...{sent: peer.tx_bytes, received: peer.rx_bytes},
					packets: peer.tx_packets + peer.rx_packets,
					dropped: (['backlog', 'source', 'header', 'memory', 'device'] as const).reduce(
						(sum, why) => sum + peer[`dropped_${why}`],
						0,
					),
				},
				queued: peer.queued_bytes,
			}));
}
