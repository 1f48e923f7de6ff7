// SPDX-License-Identifier: MIT
import type {ChannelCounters, Peer} from '../kernel/kernel.ts';

const counters = [
	...(['txPackets', 'txBytes', 'rxPackets', 'rxBytes', 'eventsSent', 'eventsReceived'] as const),
	...(['backlogged', 'returned', 'droppedBacklog', 'droppedSource', 'droppedHeader'] as const),
	...(['droppedMemory', 'droppedDevice'] as const),
] satisfies Array<keyof ChannelCounters>;

/** What went over all channels to one peer; `eventsSuppressed`: packets sent without an event. */
export type PeerTotal = Readonly<Record<(typeof counters)[number] | 'eventsSuppressed', number>> & {
	readonly ordinary: ReadonlyMap<string, number>;
};

/** A count that the module begins anew, and that goes on here. */
type Sum = {base: number; last: number};

type Entry = {
	epoch: number;
	readonly sums: Map<string, Sum>;
	readonly ordinary: Map<string, Sum>;
	eventsSuppressed: number;
};

/**
 * The module counts from 0 in each life of a channel, and a channel has a new one whenever its rings
 * change their size. To Prometheus a count that starts again and has passed the old one is no restart.
 */
export class PeerTotals {
	readonly #entries = new Map<number, Entry>();

	/** All peers that the module has. */
	update(peers: readonly Peer[]): void {
		const here = new Set(peers.map(({domid}) => domid));
		for (const domid of this.#entries.keys()) {
			if (!here.has(domid)) {
				this.#entries.delete(domid);
			}
		}
		peers.forEach(peer => this.heard(peer));
	}

	/** One of them, as when its channel ended. */
	heard({domid, epoch, channel, ordinary}: Peer): void {
		const entry = this.#entries.get(domid) ?? newEntry(epoch);
		const isNew = entry.epoch !== epoch;
		this.#entries.set(domid, entry);
		entry.epoch = epoch;
		for (const key of counters) {
			add(entry.sums, key, Number(channel?.[key] ?? 0n), isNew);
		}
		for (const [reason, packets] of ordinary) {
			add(entry.ordinary, reason, Number(packets), false);
		}
		/* Two counts, read one after the other, while both go on: their difference may shrink. */
		const suppressed = valueOf(entry.sums, 'txPackets') - valueOf(entry.sums, 'eventsSent');
		entry.eventsSuppressed = Math.max(entry.eventsSuppressed, suppressed);
	}

	of(domid: number): PeerTotal | undefined {
		const entry = this.#entries.get(domid);
		if (entry === undefined) {
			return undefined;
		}
		const sums = counters.map(key => [key, valueOf(entry.sums, key)] as const);
		const total = Object.fromEntries(sums) as Record<(typeof counters)[number], number>;
		const ordinary = new Map(
			[...entry.ordinary.keys()].map(reason => [reason, valueOf(entry.ordinary, reason)]),
		);

		return {...total, eventsSuppressed: entry.eventsSuppressed, ordinary};
	}
}

function newEntry(epoch: number): Entry {
	return {epoch, sums: new Map(), ordinary: new Map(), eventsSuppressed: 0};
}

function add(sums: Map<string, Sum>, key: string, value: number, isNew: boolean): void {
	const sum = sums.get(key) ?? {base: 0, last: 0};
	if (isNew || value < sum.last) {
		sum.base += sum.last;
	}
	sum.last = value;
	sums.set(key, sum);
}

function valueOf(sums: ReadonlyMap<string, Sum>, key: string): number {
	const {base, last} = sums.get(key) ?? {base: 0, last: 0};

	return base + last;
}
