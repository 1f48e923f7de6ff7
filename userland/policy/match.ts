// SPDX-License-Identifier: MIT
import type {AcceptRule, NamePattern, PairRule, Policy, Verdict} from './types.ts';

/** May these two domains share a channel? The order of the names does not matter. */
export function decidePair(policy: Policy, nameA: string, nameB: string): Verdict<PairRule> {
	return compile(policy).decidePair(nameA, nameB);
}

/** Do we accept this peer? */
export function decideAccept(policy: Policy, peerName: string): Verdict<AcceptRule> {
	return compile(policy).decideAccept(peerName);
}

export type Matcher = {
	decidePair(nameA: string, nameB: string): Verdict<PairRule>;
	decideAccept(peerName: string): Verdict<AcceptRule>;
	/** How many names were compared with patterns so far: the cost, free of any clock. */
	readonly comparisons: number;
};

/** Policies are immutable, so what is derived from one is kept as long as it is. */
const compiled = new WeakMap<Policy, Matcher>();

export function compile(policy: Policy): Matcher {
	let matcher = compiled.get(policy);

	if (!matcher) {
		matcher = createMatcher(policy);
		compiled.set(policy, matcher);
	}

	return matcher;
}

function createMatcher(policy: Policy): Matcher {
	const pairs = indexRules(policy.pairs, rule => rule.between);
	const accept = indexRules(policy.accept, rule => [rule.peer]);
	const cost = {comparisons: 0};
	const fits = (pattern: NamePattern, name: string) => {
		cost.comparisons++;
		return matches(pattern, name);
	};

	return {
		decidePair: (a, b) =>
			firstMatch(
				pairs,
				[a, b],
				([left = '', right = '']) =>
					(fits(left, a) && fits(right, b)) || (fits(left, b) && fits(right, a)),
			),
		decideAccept: peer => firstMatch(accept, [peer], ([pattern = '']) => fits(pattern, peer)),
		get comparisons() {
			return cost.comparisons;
		},
	};
}

type Entry<R> = {
	readonly order: number;
	readonly patterns: readonly NamePattern[];
	readonly rule: R;
};

/**
 * Rules by the literal start of a pattern (all of it, where it has no wildcard; of the longer start where there
 * are two): only rules that wait under a start of a name can match it. A host with 1000 guests decides half a
 * million pairs, so reading all rules for each is too slow.
 */
type Index<R> = ReadonlyMap<string, readonly Entry<R>[]>;

function indexRules<R>(
	rules: readonly R[],
	patternsOf: (rule: R) => readonly NamePattern[],
): Index<R> {
	const index = new Map<string, Entry<R>[]>();

	for (const [order, rule] of rules.entries()) {
		const patterns = patternsOf(rule).map(realName);
		const start = patterns.map(literalStart).reduce((a, b) => (b.length > a.length ? b : a));
		const bucket = index.get(start) ?? [];

		bucket.push({order, patterns, rule});
		index.set(start, bucket);
	}

	return index;
}

function firstMatch<R extends PairRule | AcceptRule>(
	index: Index<R>,
	names: readonly string[],
	fits: (patterns: readonly NamePattern[]) => boolean,
): Verdict<R> {
	let best: Entry<R> | undefined;

	for (const start of new Set(names.flatMap(starts)))
		for (const entry of index.get(start) ?? []) {
			if (best && entry.order > best.order) break;
			if (fits(entry.patterns)) best = entry;
		}

	return {action: best?.rule.action ?? 'deny', rule: best?.rule};
}

function literalStart(pattern: NamePattern): string {
	return pattern.split(/[*?]/, 1)[0] ?? '';
}

function starts(name: string): string[] {
	return Array.from({length: name.length + 1}, (_, length) => name.slice(0, length));
}

/** XenStore calls the control domain `Domain-0`; people call it dom0. */
function realName(pattern: NamePattern): NamePattern {
	return pattern === 'dom0' ? 'Domain-0' : pattern;
}

/** Glob with `*` and `?` in time linear in each wildcard: no backtracking beyond the last `*`. */
export function matches(pattern: NamePattern, name: string): boolean {
	let p = 0;
	let n = 0;
	let star = -1;
	let restart = 0;

	while (n < name.length) {
		if (pattern[p] === '*') {
			star = p++;
			restart = n;
		} else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
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
