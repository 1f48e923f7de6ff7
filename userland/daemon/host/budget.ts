// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';

/*
 * What one guest may cost the host role. A guest that opens channels to all its peers at once has some
 * requests for each of them; one that writes for ever gets what is added each second, and others do not
 * notice: 20 units are some 20 reads, about 2 ms.
 */
const perSecond = 20;
const burst = 100;
const burstPerDomain = 4;

/** In units of one read of XenStore, and of judging and planning what it changes. */
export const costs = {node: 1, hello: 5, names: 5, vifs: 10} as const;

/** One bucket of tokens for each guest; an empty one makes its guest wait, and nobody else. */
export type Budget = {
	/** Whether the guest may cost that much now; it is taken then. */
	take(domid: number, cost: number): boolean;
	/** In how many ms it may. */
	dueIn(domid: number, cost: number): number;
	forget(domid: number): void;
};

type Bucket = {tokens: number; at: number};

export function createBudget(clock: Clock, domains: () => number): Budget {
	const buckets = new Map<number, Bucket>();
	const fill = (domid: number): Bucket => {
		const now = clock.now();
		const most = burst + burstPerDomain * domains();
		const bucket = buckets.get(domid) ?? {tokens: most, at: now};

		bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) * perSecond) / 1000);
		bucket.at = now;
		buckets.set(domid, bucket);

		return bucket;
	};

	return {
		take(domid, cost) {
			const bucket = fill(domid);
			/* A millionth, as sums of fractions may fall short of a whole. */
			const isEnough = bucket.tokens >= cost - 1e-6;
			if (isEnough) {
				bucket.tokens -= cost;
			}

			return isEnough;
		},
		dueIn: (domid, cost) =>
			Math.max(0, Math.ceil(((cost - fill(domid).tokens) * 1000) / perSecond)),
		forget(domid) {
			buckets.delete(domid);
		},
	};
}
