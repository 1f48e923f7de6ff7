// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';

/** A peer that is silent may be back the moment it offers; a fault, or our shortage, stays. */
export type Failure = 'silence' | 'fault' | 'shortage';

/** What failed with each peer, and how long to leave it alone: 1 s, doubling to 60 s. */
export type Backoff = {
	/** A channel that was live had what it takes to make one. */
	failed(domid: number, reason: string, failure: Failure, wasLive?: boolean): void;
	/** A person asks: try at once. */
	reset(domid: number): void;
	/** Channels that stay live for 10 s make good for what failed before. */
	update(live: ReadonlySet<number>): void;
	/** Only these peers are still of interest. */
	keep(domids: Iterable<number>): void;
	isWaiting(domid: number): boolean;
	/** It waits for our own sake: an offer of the peer is not answered either. */
	isUnusable(domid: number): boolean;
	/** It waits because we had not the memory or the grants. */
	isShort(domid: number): boolean;
	lastFailure(domid: number): string | undefined;
	/** When last one failed that was not live yet; undefined: none did. */
	missedAt(domid: number): number | undefined;
	/** Ms until a peer may be tried again; undefined where none waits. */
	next(): number | undefined;
};

type Record = {
	readonly failures: number;
	readonly until: number;
	readonly missedAt: number | undefined;
	readonly reason: string;
	readonly failure: Failure;
};

const first = 1000;
const most = 60_000;
const goodAfter = 10_000;

export function createBackoff(clock: Clock): Backoff {
	const records = new Map<number, Record>();
	const liveSince = new Map<number, number>();
	const left = (domid: number) => (records.get(domid)?.until ?? -Infinity) - clock.now();
	const missedAt = (domid: number) => records.get(domid)?.missedAt;

	return {
		failed(domid, reason, failure, wasLive = false) {
			const failures = (records.get(domid)?.failures ?? 0) + 1;
			const delay = Math.min(most, first * 2 ** (failures - 1));
			records.set(domid, {
				failures,
				until: clock.now() + delay,
				missedAt: wasLive ? missedAt(domid) : clock.now(),
				reason,
				failure,
			});
		},
		reset: domid => void records.delete(domid),
		update(live) {
			for (const domid of live) {
				if (!liveSince.has(domid)) {
					liveSince.set(domid, clock.now());
				}
			}
			for (const [domid, since] of liveSince) {
				if (clock.now() - since >= goodAfter) {
					records.delete(domid);
				}
				if (!live.has(domid)) {
					liveSince.delete(domid);
				}
			}
		},
		keep(domids) {
			const kept = new Set(domids);
			for (const domid of records.keys()) {
				if (!kept.has(domid)) {
					records.delete(domid);
				}
			}
		},
		isWaiting: domid => left(domid) > 0,
		isUnusable: domid => left(domid) > 0 && records.get(domid)?.failure !== 'silence',
		isShort: domid => left(domid) > 0 && records.get(domid)?.failure === 'shortage',
		lastFailure: domid => records.get(domid)?.reason,
		missedAt,
		next() {
			const waits = [...records.keys()].map(left).filter(ms => ms > 0);

			return waits.length > 0 ? Math.min(...waits) : undefined;
		},
	};
}
