// SPDX-License-Identifier: MIT
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

type Seen = {counters: Counters; at: number; rate: Counters | undefined};

/** The ends tell dom0 their counters every 5 s: until then they stand still although packets move. */
const stillMs = 7000;

/** Takes one look after the other, `now` in milliseconds that never jump, and answers what moves. */
export function createRates(): (status: Status, now: number) => Rate[] {
	const seen = new Map<string, Seen>();
	const rateOf = (key: string, counters: Counters, now: number, stillFor: number) => {
		const before = seen.get(key);
		/* Counters begin anew with each channel. */
		const isAnew = before !== undefined && counters.packets < before.counters.packets;
		if (before === undefined) {
			seen.set(key, {counters, at: now, rate: undefined});

			return undefined;
		}
		const isStill = counters.packets === before.counters.packets;
		if (isStill && now - before.at < stillFor) {
			return before.rate;
		}
		const from = isAnew ? zero : before.counters;
		const rate = perSecond(from, counters, (now - before.at) / 1000);
		seen.set(key, {counters, at: now, rate});

		return rate;
	};

	return (status, now) =>
		rowsOf(status).map(row => {
			const key = `${row.shown.kind} ${row.shown.domid} ${row.shown.other_domid ?? ''}`;
			const rate = rateOf(key, row.counters, now, row.shown.kind === 'pair' ? stillMs : 0);

			return {
				...row.shown,
				sent_bytes_per_s: rate?.sent ?? null,
				received_bytes_per_s: rate?.received ?? null,
				packets_per_s: rate?.packets ?? null,
				dropped_per_s: row.shown.kind === 'peer' ? (rate?.dropped ?? null) : null,
				queued_bytes: row.queued,
			};
		});
}

const zero: Counters = {sent: 0, received: 0, packets: 0, dropped: 0};

function perSecond(before: Counters, after: Counters, seconds: number): Counters {
	const of = (key: keyof Counters) =>
		seconds > 0 ? Math.max(0, after[key] - before[key]) / seconds : 0;

	return {
		sent: of('sent'),
		received: of('received'),
		packets: of('packets'),
		dropped: of('dropped'),
	};
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
