// SPDX-License-Identifier: MIT
import type {Declined} from '../../xenstore/declined.ts';
import type {Domain} from '../../xenstore/discover.ts';
import type {Store} from '../../xenstore/store.ts';
import type {OfferValue} from '../../xenstore/values.ts';
import type {Refusal} from '../refusal.ts';
import {judgePair, type Criteria, type PairLimits} from './judge.ts';
import type {SharedLink} from './shared-links.ts';
import {agreedEpoch, domidsOf, keyOf, type Pair} from './pair.ts';
import type {PairTable} from './pairs.ts';
import type {Subject} from './subjects.ts';

/** A pair as it stands, lower domid first. Made when asked for. */
export type PairView = {
	readonly a: Domain;
	readonly b: Domain;
	/** Where the policy decided, for people. */
	readonly rule: string | undefined;
	readonly links: readonly SharedLink[];
	/** What a and b may send over the channel. */
	readonly limits: PairLimits;
	/** Why the pair is not announced; undefined where it is, or soon will be. */
	readonly refusal: Refusal | undefined;
	/** Nothing is diverted, by dom0's policy. */
	readonly isAudit?: boolean;
	/** As announced to both; undefined where nothing is. */
	readonly epoch: number | undefined;
	/** What a and b offer, and why they decline; undefined where they say nothing. */
	readonly offers: readonly [OfferValue | undefined, OfferValue | undefined];
	readonly declined: readonly [Declined | undefined, Declined | undefined];
};

/**
 * The pairs of the host. A thousand guests make half a million: `counts`, `active()`, `of()` and `pair()` cost as
 * much as they answer, `allowed()` and `all()` make one pair after the other.
 */
export type HostView = {
	/** Where the counters are; undefined while XenStore is not there. */
	readonly store: Store | undefined;
	/** By domid, in order. */
	readonly domains: readonly Subject[];
	readonly counts: {readonly allowed: number; readonly refused: number};
	/** Undefined where there is no such pair. The order of the domids does not matter. */
	pair(one: number, other: number): PairView | undefined;
	/** Pairs that are allowed and in which an end has offered, declined, or been told of either. */
	active(): Iterable<PairView>;
	allowed(): Iterable<PairView>;
	/** What the ends of each pair of `active()` have written, at the price of a look-up: nothing is judged. */
	negotiations(): Iterable<Negotiation>;
	/** Every pair of one domain, refused or not. */
	of(domid: number): Iterable<PairView>;
	all(): Iterable<PairView>;
	/** All at once, which costs what it says. */
	readonly verdicts: readonly PairView[];
};

export type Negotiation = Pick<PairView, 'epoch' | 'offers' | 'declined'>;

type Viewed = {
	readonly store: Store;
	/** By domid, in order. */
	readonly subjects: ReadonlyMap<number, Subject>;
	readonly pairs: PairTable;
	/** Undefined before anything can be judged. */
	readonly criteria: Criteria | undefined;
};

/** Answers for what it is of at the time of the question. */
export function viewOf({store, subjects, pairs, criteria}: Viewed): HostView {
	const domains = criteria ? [...subjects.values()] : [];
	const pair = (one: number, other: number) => {
		const [a, b] = domidsOf(keyOf(one, other)).map(domid => subjects.get(domid));

		return one === other || !a || !b || !criteria ? undefined : viewPair(a, b, pairs, criteria);
	};
	const pairsOf = function* (keys: Iterable<number>) {
		for (const key of keys) {
			const found = pair(...domidsOf(key));

			if (found) {
				yield found;
			}
		}
	};
	const all = () => pairsOf(allKeys(domains.map(({domid}) => domid)));
	const count = (domains.length * (domains.length - 1)) / 2;

	return {
		store,
		domains,
		counts: {allowed: pairs.size, refused: count - pairs.size},
		pair,
		active: () => pairsOf(pairs.active),
		allowed: () => pairsOf(pairs.keys()),
		*negotiations() {
			for (const key of pairs.active) {
				yield negotiationOf(pairs.get(key));
			}
		},
		of: domid => pairsOf(domains.map(other => keyOf(domid, other.domid))),
		all,
		get verdicts() {
			return [...all()];
		},
	};
}

export const emptyView: HostView = {
	store: undefined,
	domains: [],
	counts: {allowed: 0, refused: 0},
	pair: () => undefined,
	active: () => [],
	allowed: () => [],
	negotiations: () => [],
	of: () => [],
	all: () => [],
	verdicts: [],
};

function* allKeys(domids: readonly number[]): Generator<number> {
	for (const [index, domid] of domids.entries()) {
		for (const other of domids.slice(index + 1)) {
			yield keyOf(domid, other);
		}
	}
}

function viewPair(a: Subject, b: Subject, pairs: PairTable, criteria: Criteria): PairView {
	const {terms, links, limits, refusal} = judgePair(a, b, criteria);
	const pair = refusal ? undefined : pairs.get(keyOf(a.domid, b.domid));

	const {rule, isAudit} = terms;

	return {...{a, b, rule, links, limits, refusal, isAudit}, ...negotiationOf(pair)};
}

function negotiationOf(pair: Pair | undefined): Negotiation {
	const [ofA, ofB] = pair?.ends ?? [];

	return {
		epoch: pair && agreedEpoch(pair),
		offers: [ofA?.offer, ofB?.offer],
		declined: [ofA?.declined, ofB?.declined],
	};
}
