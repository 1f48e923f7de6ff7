// SPDX-License-Identifier: MIT
import {createPatterns, matches} from './patterns.ts';
import type {NamePattern} from './types.ts';

/**
 * Compared are so many rules: each with all before it, at worst a million patterns, a tenth of a second.
 */
const lookedAt = 1000;

/** Rules that never decide, each with an earlier one that matches all that it matches. */
export function hiddenRules<R>(
	rules: readonly R[],
	patternsOf: (rule: R) => readonly [NamePattern, NamePattern],
): Array<readonly [hidden: R, by: R]> {
	const patterns = createPatterns();
	const earlier = new Map<string, R>();
	const covering = (pattern: NamePattern) => patterns.matching(asName(pattern));

	return rules.slice(0, lookedAt).flatMap(rule => {
		const [left, right] = patternsOf(rule);
		const [lefts, rights] = [covering(left), covering(right)];
		const pair = lefts
			.flatMap(one => rights.map(other => pairOf(one, other)))
			.find(each => earlier.has(each));
		const by = pair === undefined ? undefined : earlier.get(pair);

		if (by !== undefined) {
			return [[rule, by] as const];
		}
		earlier.set(pairOf(patterns.number(left), patterns.number(right)), rule);

		return [];
	});
}

/** Whether every name that the second matches is one that the first does; may miss some that are. */
export function covers(pattern: NamePattern, other: NamePattern): boolean {
	return matches(pattern, asName(other));
}

/** Its own wildcards stand for what they are: `*` of the other takes both, `?` takes one of them. */
function asName(pattern: NamePattern): string {
	return pattern.replaceAll('*', '\0');
}

function pairOf(one: number, other: number): string {
	return one < other ? `${one} ${other}` : `${other} ${one}`;
}
