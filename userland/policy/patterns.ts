// SPDX-License-Identifier: MIT
import type {NamePattern} from './types.ts';

/** Patterns, each with a number of its own, and which of them match a name. */
type Patterns = {
	/** The number of a pattern, which is known from then on. */
	number(pattern: NamePattern): number;
	/** The numbers of the known patterns that match, in no order. */
	matching(name: string): number[];
};

type Numbered = {readonly pattern: NamePattern; readonly number: number};

/**
 * Patterns lie by their literal start (all of it, where there is no wildcard), those that begin with a wildcard
 * by their literal end: only those that lie under a start or an end of a name can match it.
 */
export function createPatterns(): Patterns {
	const numbers = new Map<NamePattern, number>();
	const byStart = new Map<string, Numbered[]>();
	const byEnd = new Map<string, Numbered[]>();
	const among = (index: ReadonlyMap<string, readonly Numbered[]>, keys: readonly string[]) =>
		keys.flatMap(key => index.get(key) ?? []);

	return {
		number(pattern) {
			const known = numbers.get(pattern);
			if (known !== undefined) {
				return known;
			}

			const start = literalStart(pattern);
			const [index, key] = start === '' ? [byEnd, literalEnd(pattern)] : [byStart, start];
			const others = index.get(key) ?? [];
			const number = numbers.size;
			numbers.set(pattern, number);
			others.push({pattern, number});
			index.set(key, others);

			return number;
		},
		matching: name =>
			[...among(byStart, starts(name)), ...among(byEnd, ends(name))]
				.filter(({pattern}) => matches(pattern, name))
				.map(({number}) => number),
	};
}

function literalStart(pattern: NamePattern): string {
	const wildcards = [pattern.indexOf('*'), pattern.indexOf('?')].filter(at => at >= 0);

	return wildcards.length === 0 ? pattern : pattern.slice(0, Math.min(...wildcards));
}

function literalEnd(pattern: NamePattern): string {
	return pattern.slice(Math.max(pattern.lastIndexOf('*'), pattern.lastIndexOf('?')) + 1);
}

function starts(name: string): string[] {
	return Array.from({length: name.length}, (_, index) => name.slice(0, index + 1));
}

function ends(name: string): string[] {
	return Array.from({length: name.length + 1}, (_, index) => name.slice(index));
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
		} else {
			return false;
		}
	}
	while (pattern[p] === '*') {
		p++;
	}

	return p === pattern.length;
}
