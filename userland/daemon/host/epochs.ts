// SPDX-License-Identifier: MIT

/*
 * How fast a pair may get new epochs. A guest ends one by writing one node, and each new one costs its
 * peer and dom0 work: at most one in 200 ms, and ever slower while epochs are short.
 */
const least = 200;
const most = 10_000;
const short = 5_000;

/** In ms. A history that ended, or whose epoch began, longer ago than that has no say in when the next one may be given. */
export const forgettableAfter = most + short;

export type EpochHistory = {
	/** When the current epoch was given. */
	readonly givenAt: number | undefined;
	/** When its first offer was relayed. */
	readonly firstOfferAt: number | undefined;
	readonly endedAt: number | undefined;
	/** What the next epoch has to wait, from `endedAt` on: the backoff. */
	readonly delay: number;
};

export const noEpochYet: EpochHistory = {
	givenAt: undefined,
	firstOfferAt: undefined,
	endedAt: undefined,
	delay: 0,
};

/** The epoch is over; said again, it changes nothing. */
export function end(history: EpochHistory | undefined, now: number): EpochHistory {
	if (history === undefined) {
		return noEpochYet;
	}
	if (history.endedAt !== undefined) {
		return history;
	}
	/* A guest may end an epoch in which nobody else has seen an offer. */
	const start = history.firstOfferAt ?? history.givenAt;
	const isShort = start !== undefined && now - start < short;
	const delay = isShort ? Math.min(most, Math.max(least, 2 * history.delay)) : 0;

	return {...history, endedAt: now, delay};
}

/** A new epoch is given now; how short the last ones were is remembered. */
export function give(history: EpochHistory | undefined, now: number): EpochHistory {
	return {...noEpochYet, delay: history?.delay ?? 0, givenAt: now};
}

/** How many ms the next epoch is away; 0 or less: now. */
export function dueIn({endedAt, delay}: EpochHistory, now: number): number {
	return (endedAt ?? now) + delay - now;
}
