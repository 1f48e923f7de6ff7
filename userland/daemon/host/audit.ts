// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import type {Clock} from '../clock.ts';

/*
 * Watches of one connection lose nothing while it lives, with two exceptions: C xenstored drops events
 * for a connection that has not taken any for 20 s, and a tree that is made again under the same domid
 * may look as it did. So all domains are looked at in turn, slowly: each every 15 s where there are few, and
 * so that it costs 20 requests a second where there are many.
 */
const period = 15_000;
const perSecond = 20;

/** Which domain is to be read once more although nothing says that it changed. */
export type Audit = {
	/** The domain whose turn it is. */
	next(domids: readonly number[]): number | undefined;
	/** How much was read of it. */
	spent(requests: number, domains: number): void;
	dueIn(): number;
};

export function createAudit({now}: Clock): Audit {
	let dueAt = now() + period;
	let last = -1;

	return {
		next(domids) {
			last = domids.find(domid => domid > last) ?? domids[0] ?? -1;

			return last < 0 ? undefined : last;
		},
		spent(requests, domains) {
			dueAt = now() + Math.max((requests * 1000) / perSecond, period / Math.max(1, domains));
		},
		dueIn: () => Math.max(0, dueAt - now()),
	};
}

/** Of reading all that the toolstack says of a domain, what it says itself and whom it was told of. */
export function requestsOf({vifs, foreignVifs, vcpus}: Domain, abouts: number): number {
	return 13 + 7 * vifs.length + 2 * foreignVifs.length + vcpus + 2 * abouts;
}
