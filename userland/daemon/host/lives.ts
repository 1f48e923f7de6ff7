// SPDX-License-Identifier: MIT

/*
 * How fast a pair may get new epochs. A guest ends a life by writing one node, and each new one
 * costs its peer and dom0 work: at most one in 200 ms, and ever slower while lives are short.
 */
const least = 200;
const most = 10_000;
const short = 5_000;

export type Life = {
	/** When the current epoch was given. */
	readonly givenAt: number | undefined;
	/** When its first offer was relayed. */
	readonly bornAt: number | undefined;
	readonly endedAt: number | undefined;
	/** What the next epoch has to wait, from `endedAt` on. */
	readonly delay: number;
};

export type Lives = ReadonlyMap<string, Life>;

export const unborn: Life = {givenAt: undefined, bornAt: undefined, endedAt: undefined, delay: 0};

export function pairKey({a, b}: {a: {domid: number}; b: {domid: number}}): string {
	return `${a.domid}-${b.domid}`;
}

/** The life is over; said again, it changes nothing. */
export function end(life: Life | undefined, now: number): Life {
	if (life === undefined) return unborn;
	if (life.endedAt !== undefined) return life;
	/* A guest may end a life that nobody else has seen anything of. */
	const start = life.bornAt ?? life.givenAt;
	const isShort = start !== undefined && now - start < short;
	const delay = isShort ? Math.min(most, Math.max(least, 2 * life.delay)) : 0;
	return {...life, endedAt: now, delay};
}

/** A new epoch is given now; how short the last lives were is remembered. */
export function give(life: Life | undefined, now: number): Life {
	return {...unborn, delay: life?.delay ?? 0, givenAt: now};
}

/** How many ms the next epoch is away; 0 or less: now. */
export function dueIn({endedAt, delay}: Life, now: number): number {
	return (endedAt ?? now) + delay - now;
}
