// SPDX-License-Identifier: MIT
import {createPatterns, matches} from './patterns.ts';
import type {NamePattern, Who} from './types.ts';
import {anyGuest, whoText} from './who.ts';

/**
 * Compared are so many rules: each with all before it, at worst a million patterns, a tenth of a second.
 */
const lookedAt = 1000;

/** Rules that never decide, each with an earlier one that matches all that it matches. */
export function hiddenRules<R>(
	rules: readonly R[],
	whosOf: (rule: R) => readonly [Who, Who],
): Array<readonly [hidden: R, by: R]> {
	const coverage = createCoverage();
	const earlier = new Map<string, R>();

	return rules.slice(0, lookedAt).flatMap(rule => {
		const [left, right] = whosOf(rule);
		const [lefts, rights] = [coverage.covering(left), coverage.covering(right)];
		const pair = lefts
			.flatMap(one => rights.map(other => pairOf(one, other)))
			.find(each => earlier.has(each));
		const by = pair === undefined ? undefined : earlier.get(pair);

		if (by !== undefined) {
			return [[rule, by] as const];
		}
		earlier.set(pairOf(coverage.add(left), coverage.add(right)), rule);

		return [];
	});
}

/** Whether every name that the second matches is one that the first does; may miss some that are. */
export function covers(pattern: NamePattern, other: NamePattern): boolean {
	return matches(pattern, asName(other));
}

/** What names all that another does: patterns by what they match, all else by itself and by stars. */
function createCoverage() {
	const patterns = createPatterns();
	const stars = new Set<string>();
	const keyOf = (pattern: NamePattern) => String(patterns.number(pattern));

	return {
		add(who: Who): string {
			if (!isPattern(who)) {
				return whoText(who);
			}
			const key = keyOf(who);
			if (/^\*+$/.test(who)) {
				stars.add(key);
			}

			return key;
		},
		covering: (who: Who) =>
			isPattern(who) ? patterns.matching(asName(who)).map(String) : [whoText(who), ...stars],
	};
}

function isPattern(who: Who): who is NamePattern {
	return typeof who === 'string' && who !== anyGuest;
}

/** Its own wildcards stand for what they are: `*` of the other takes both, `?` takes one of them. */
function asName(pattern: NamePattern): string {
	return pattern.replaceAll('*', '\0');
}

function pairOf(one: string, other: string): string {
	return one < other ? `${one} ${other}` : `${other} ${one}`;
}
