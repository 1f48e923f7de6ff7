// SPDX-License-Identifier: MIT
import {domainName} from '../domain-name.ts';
import {createPatterns, type Patterns} from './patterns.ts';
import type {AcceptRule, NamePattern, PairRule, Policy, Verdict} from './types.ts';

/** May these two domains share a channel? The order of the names does not matter. */
export function decidePair(policy: Policy, nameA: string, nameB: string): Verdict<PairRule> {
	return compile(policy).decidePair(nameA, nameB);
}

/** Do we accept this peer? */
export function decideAccept(policy: Policy, peerName: string): Verdict<AcceptRule> {
	return compile(policy).decideAccept(peerName);
}

type Matcher = {
	decidePair(nameA: string, nameB: string): Verdict<PairRule>;
	decideAccept(peerName: string): Verdict<AcceptRule>;
};

/** Policies are immutable, so what is derived from one is kept as long as it is. */
const compiled = new WeakMap<Policy, Matcher>();

/** Verdicts that the same rule gives are the same object. */
export function compile(policy: Policy): Matcher {
	let matcher = compiled.get(policy);

	if (!matcher) {
		matcher = createMatcher(policy);
		compiled.set(policy, matcher);
	}

	return matcher;
}

function createMatcher(policy: Policy): Matcher {
	const pairs = indexRules(policy.pairs, ({between}) => between);
	/* What a rule says of one name, it says of the pair of that name with itself. */
	const accept = indexRules(policy.accept, ({peer}) => [peer, peer]);

	return {
		decidePair: (a, b) => pairs(a, b),
		decideAccept: peer => accept(peer, peer),
	};
}

type Rule = PairRule | AcceptRule;

/** Names that the same patterns match are one class: where one may go, the others may. */
type NameClass<R extends Rule> = {
	/** By their numbers. */
	readonly patterns: ReadonlySet<number>;
	/** How many rules name one of them. */
	readonly cost: number;
	readonly verdicts: Map<NameClass<R>, Verdict<R>>;
};

/** A rule, by its place among the others, that names a pattern and this other one. */
type Naming = {readonly other: number; readonly order: number};

/**
 * Decides by the patterns that match, not by the rules: a name is compared with patterns once, and a pair of
 * classes is decided once. A host with 1000 guests has half a million pairs.
 */
function indexRules<R extends Rule>(
	rules: readonly R[],
	patternsOf: (rule: R) => readonly [NamePattern, NamePattern],
): (nameA: string, nameB: string) => Verdict<R> {
	const patterns = createPatterns();
	const naming = new Map<number, Naming[]>();
	const orders = new Map<number, number>();
	const verdicts = rules.map(rule => ({action: rule.action, rule}));
	const none: Verdict<R> = {action: 'deny', rule: undefined};

	for (const [order, rule] of rules.entries()) {
		const [one, other] = patternsOf(rule);
		const [left, right] = [
			patterns.number(domainName(one)),
			patterns.number(domainName(other)),
		];
		const key = pairOf(left, right);
		if (orders.has(key)) {
			continue;
		}
		orders.set(key, order);
		addTo(naming, left, {other: right, order});
		if (left !== right) {
			addTo(naming, right, {other: left, order});
		}
	}

	const classOf = classifier<R>(patterns, number => naming.get(number)?.length ?? 0);
	const first = (a: NameClass<R>, b: NameClass<R>) =>
		a.patterns.size * b.patterns.size <= Math.min(a.cost, b.cost)
			? firstOfPairs(orders, a.patterns, b.patterns)
			: a.cost <= b.cost
				? firstNaming(naming, a.patterns, b.patterns)
				: firstNaming(naming, b.patterns, a.patterns);

	return (nameA, nameB) => {
		const [a, b] = [classOf(nameA), classOf(nameB)];
		let verdict = a.verdicts.get(b);

		if (!verdict) {
			verdict = verdicts[first(a, b)] ?? none;
			if (a.verdicts.size < remembered) {
				a.verdicts.set(b, verdict);
			}
		}

		return verdict;
	};
}

/** Where each name is a class of its own, deciding anew is cheaper than keeping every pair. */
const remembered = 64;

/** The place of the first rule that names a pattern of each; past all rules where there is none. */
function firstOfPairs(
	orders: ReadonlyMap<number, number>,
	ours: ReadonlySet<number>,
	theirs: ReadonlySet<number>,
): number {
	let best = Infinity;

	for (const own of ours) {
		for (const other of theirs) {
			best = Math.min(best, orders.get(pairOf(own, other)) ?? best);
		}
	}

	return best;
}

/** The same, by the rules that name one of ours. */
function firstNaming(
	naming: ReadonlyMap<number, readonly Naming[]>,
	ours: ReadonlySet<number>,
	theirs: ReadonlySet<number>,
): number {
	let best = Infinity;

	for (const own of ours) {
		for (const {other, order} of naming.get(own) ?? []) {
			if (order >= best) {
				break;
			}
			if (theirs.has(other)) {
				best = order;
			}
		}
	}

	return best;
}

/** Either way round the same; there are fewer than 2^26 patterns. */
function pairOf(one: number, other: number): number {
	return one < other ? one * 2 ** 26 + other : other * 2 ** 26 + one;
}

/** Guests may be renamed for ever, so not every name that ever was is kept. */
const namesMost = 20_000;

function classifier<R extends Rule>(
	{matching}: Patterns,
	rulesOf: (pattern: number) => number,
): (name: string) => NameClass<R> {
	const byName = new Map<string, NameClass<R>>();
	const byPatterns = new Map<string, NameClass<R>>();

	const classify = (name: string) => {
		const numbers = matching(name).filter(number => rulesOf(number) > 0);
		const key = numbers.sort((a, b) => a - b).join();
		const known = byPatterns.get(key);
		const cost = numbers.reduce((sum, number) => sum + rulesOf(number), 0);
		const found = known ?? {patterns: new Set(numbers), cost, verdicts: new Map()};

		byPatterns.set(key, found);

		return found;
	};

	return name => {
		let found = byName.get(name);

		if (!found) {
			if (byName.size >= namesMost) {
				byName.clear();
				byPatterns.clear();
			}
			found = classify(name);
			byName.set(name, found);
		}

		return found;
	};
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);

	if (list) {
		list.push(value);
	} else {
		map.set(key, [value]);
	}
}
