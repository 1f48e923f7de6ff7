// SPDX-License-Identifier: MIT
import type {Sliceable} from '../slice.ts';
import {createBearers} from './bearers.ts';
import {classifier, type DomainClass} from './domain-classes.ts';
import type {AcceptRule, Identity, LimitsRule, PairRule, Tag, Verdict, Who} from './types.ts';

type Rule = PairRule | AcceptRule | LimitsRule;

/** A rule, by its place among the others, that names someone and this other one. */
type Naming = {readonly other: number; readonly order: number};

/** So many rules are indexed in less than a millisecond. */
const batch = 100;

/**
 * Decides by whom rules name, not by the rules: a domain is compared with patterns once, and a pair of
 * classes is decided once. A host with 1000 guests has half a million pairs.
 */
export function* indexRules<R extends Rule>(
	rules: readonly R[],
	tags: readonly Tag[] | undefined,
	whosOf: (rule: R) => readonly [Who, Who],
): Sliceable<(a: Identity, b: Identity) => Verdict<R>> {
	const bearers = createBearers(tags);
	const naming = new Map<number, Naming[]>();
	const orders = new Map<number, number>();

	for (const [order, rule] of rules.entries()) {
		if (order % batch === batch - 1) {
			yield;
		}
		const [one, other] = whosOf(rule);
		const left = bearers.number(one, rule.action);
		const right = bearers.number(other, rule.action);
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

	const verdictOf = verdictsOf(rules);
	const classOf = classifier<R>(bearers, number => naming.get(number)?.length ?? 0);
	const first = (a: DomainClass<R>, b: DomainClass<R>) =>
		a.whos.size * b.whos.size <= Math.min(a.cost, b.cost)
			? firstOfPairs(orders, a.whos, b.whos)
			: a.cost <= b.cost
				? firstNaming(naming, a.whos, b.whos)
				: firstNaming(naming, b.whos, a.whos);

	return (one, other) => {
		const [a, b] = [classOf(one), classOf(other)];
		let verdict = a.verdicts.get(b);

		if (!verdict) {
			verdict = verdictOf(first(a, b));
			if (a.verdicts.size < remembered) {
				a.verdicts.set(b, verdict);
			}
		}

		return verdict;
	};
}

/** Where each name is a class of its own, deciding anew is cheaper than keeping every pair. */
const remembered = 64;

/** By the place of the rule that decides; deny past all rules. */
function verdictsOf<R extends Rule>(rules: readonly R[]): (order: number) => Verdict<R> {
	const verdicts = new Map<number, Verdict<R>>();
	const none: Verdict<R> = {action: 'deny', rule: undefined};

	return order => {
		const rule = rules[order];
		const verdict = verdicts.get(order) ?? (rule ? {action: rule.action, rule} : none);
		verdicts.set(order, verdict);

		return verdict;
	};
}

/** The place of the first rule that names one of each; past all rules where there is none. */
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

/** Either way round the same; there are fewer than 2^26 numbers. */
function pairOf(one: number, other: number): number {
	return one < other ? one * 2 ** 26 + other : other * 2 ** 26 + one;
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);

	if (list) {
		list.push(value);
	} else {
		map.set(key, [value]);
	}
}
