// SPDX-License-Identifier: MIT

/** Says how often what comes again and again is still worth a line. */
type Repeats = {
	/** How often it was left out since the last time; undefined where it is to be left out now. */
	take(key: string): number | undefined;
};

/** So often a thing is said at once: who mends something step by step sees what each step did. */
const free = 5;
const firstWait = 60_000;
const longestWait = 3_600_000;
/** Things that are remembered. */
const most = 256;

type Seen = {count: number; leftOut: number; wait: number; next: number; last: number};

/**
 * `now`: milliseconds that never jump. The first five times are worth a line, then ever fewer, at least
 * one an hour; what has not come for an hour is new again.
 */
export function createRepeats(now: () => number): Repeats {
	const all = new Map<string, Seen>();

	return {
		take(key) {
			const known = all.get(key);
			const seen = known && now() - known.last < longestWait ? known : newcomer();
			/* To the end of the order in which they are forgotten. */
			all.delete(key);
			all.set(key, seen);
			seen.last = now();
			forget(all);

			return next(seen);
		},
	};
}

function newcomer(): Seen {
	return {count: 0, leftOut: 0, wait: firstWait, next: 0, last: 0};
}

function next(seen: Seen): number | undefined {
	seen.count += 1;
	if (seen.count > free && seen.last < seen.next) {
		seen.leftOut += 1;

		return undefined;
	}
	if (seen.count > free) {
		seen.wait = Math.min(longestWait, seen.wait * 2);
	}
	if (seen.count >= free) {
		seen.next = seen.last + seen.wait;
	}
	const {leftOut} = seen;
	seen.leftOut = 0;

	return leftOut;
}

function forget(all: Map<string, Seen>): void {
	for (const key of all.keys()) {
		if (all.size <= most) {
			return;
		}
		all.delete(key);
	}
}
