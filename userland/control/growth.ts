// SPDX-License-Identifier: MIT

type Counters = Readonly<Record<string, number>>;

/** Looks at counters again and again, and answers how fast they grow. */
export type Growth<C extends Counters> = {
	/**
	 * What the counters of `key` are `now`, in seconds of a clock that never jumps; answers what they grow by each
	 * second, undefined at the first look. `period`: they are copies, renewed so often where they change; 0: they
	 * are read for this look.
	 */
	of(key: string, counters: C, now: number, period: number): C | undefined;
	/** Forgets what was not looked at since `before`. */
	forget(before: number): void;
};

/** In seconds: the ends of a pair tell dom0 their counters so often. A live peer's own are always read. */
export const pairsPeriod = 30;

/* A copy may be late. */
const slack = 5;

type Seen<C> = {
	readonly counters: C;
	readonly at: number;
	/** At `at` the counters were new; else they may have been so for a period. */
	readonly isExact: boolean;
	readonly rate: C | undefined;
	readonly looked: number;
};

export function createGrowth<C extends Counters>(): Growth<C> {
	const seen = new Map<string, Seen<C>>();

	return {
		of(key, counters, now, period) {
			const next = look(seen.get(key), counters, now, period);
			seen.set(key, next);

			return next.rate;
		},
		forget(before) {
			for (const [key, {looked}] of seen) {
				if (looked < before) {
					seen.delete(key);
				}
			}
		},
	};
}

function look<C extends Counters>(
	before: Seen<C> | undefined,
	counters: C,
	now: number,
	period: number,
): Seen<C> {
	const isRead = period === 0;
	if (!before) {
		return {counters, at: now, isExact: isRead, rate: undefined, looked: now};
	}
	const names = Object.keys(counters);
	const isStill = names.every(name => counters[name] === before.counters[name]);
	/* A copy that stands still says nothing until the next is due. */
	if (now <= before.at || (isStill && !isRead && now - before.at < period + slack)) {
		return {...before, looked: now};
	}
	const seconds = Math.max(now - before.at, before.isExact ? 0 : period);

	return {
		counters,
		...{at: now, isExact: isRead || !isStill, looked: now},
		rate: perSecond(before.counters, counters, seconds),
	};
}

/** A channel that begins anew counts from 0. */
function perSecond<C extends Counters>(before: C, after: C, seconds: number): C {
	const isAnew = Object.entries(after).some(([name, count]) => count < (before[name] ?? 0));

	return Object.fromEntries(
		Object.entries(after).map(([name, count]) => [
			name,
			(count - (isAnew ? 0 : (before[name] ?? 0))) / seconds,
		]),
	) as C;
}
