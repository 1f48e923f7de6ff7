// SPDX-License-Identifier: MIT
import type {NamePattern} from './types.ts';

/** Patterns, each with a number of its own, and which of them match a name. */
export type Patterns = {
	/** The number of a pattern, which is known from then on. */
	number(pattern: NamePattern): number;
	/** The numbers of the known patterns that match, in no order. */
	matching(name: string): number[];
};

type Numbered = {readonly pattern: NamePattern; readonly number: number};

/**
 * Patterns lie by their literal start (all of it, where there is no wildcard): only those that lie under a start
 * of a name can match it.
 */
export function createPatterns(): Patterns {
	const numbers = new Map<NamePattern, number>();
	const byStart = new Map<string, Numbered[]>();

	return {
		number(pattern) {
			const known = numbers.get(pattern);
			if (known !== undefined) return known;

			const [start = ''] = pattern.split(/[*?]/, 1);
			const number = numbers.size;
			numbers.set(pattern, number);
			const others = byStart.get(start) ?? [];
			others.push({pattern, number});
			byStart.set(start, others);

			return number;
		},
		matching: name =>
			starts(name).flatMap(start =>
				(byStart.get(start) ?? [])
					.filter(({pattern}) => matches(pattern, name))
					.map(({number}) => number),
			),
	};
}

function starts(name: string): string[] {
	return Array.from({length: name.length + 1}, (_, length) => name.slice(0, length));
}

/** Glob with `*` and `?` (one code point, never NUL, which hidden.ts has for `*`) in time linear in each wildcard: no backtracking beyond the last `*`. */
export function matches(pattern: NamePattern, name: string): boolean {
	let p = 0;
	let n = 0;
	let star = -1;
	let restart = 0;

	while (n < name.length) {
		if (pattern[p] === '*') {
			star = p++;
			restart = n;
		} else if (pattern[p] === '?' && name[n] !== '\0') {
			p++;
			n += (name.codePointAt(n) ?? 0) > 0xffff ? 2 : 1;
		} else if (p < pattern.length && pattern[p] === name[n]) {
			p++;
			n++;
		} else if (star >= 0) {
			p = star + 1;
			n = ++restart;
		} else return false;
	}
	while (pattern[p] === '*') p++;

	return p === pattern.length;
}
