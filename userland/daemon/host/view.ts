// SPDX-License-Identifier: MIT
import type {Declined} from '../../xenstore/declined.ts';
import type {Domain} from '../../xenstore/discover.ts';
import type {Store} from '../../xenstore/store.ts';
import type {OfferValue} from '../../xenstore/values.ts';
import type {Refusal} from '../refusal.ts';
import type {PairVerdict, SharedLink} from './judge.ts';

/** A pair as it stands, lower domid first. Made when asked for. */
export type PairView = {
	readonly a: Domain;
	readonly b: Domain;
	/** Where the policy decided, for people. */
	readonly rule: string | undefined;
	readonly links: readonly SharedLink[];
	/** Why the pair is not announced; undefined where it is, or soon will be. */
	readonly refusal: Refusal | undefined;
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
	readonly domains: readonly Domain[];
	readonly counts: {readonly allowed: number; readonly refused: number};
	/** Undefined where there is no such pair. The order of the domids does not matter. */
	pair(one: number, other: number): PairView | undefined;
	/** Pairs that are allowed and in which an end has offered, declined, or been told of either. */
	active(): Iterable<PairView>;
	allowed(): Iterable<PairView>;
	/** Every pair of one domain, refused or not. */
	of(domid: number): Iterable<PairView>;
	all(): Iterable<PairView>;
	/** All at once, which costs what it says. */
	readonly verdicts: readonly PairView[];
};

export function viewOf(
	domains: readonly Domain[],
	judged: readonly PairVerdict[],
	store: Store | undefined,
): HostView {
	const verdicts = judged.map(viewPair);
	const allowed = verdicts.filter(({refusal}) => refusal === undefined);
	const isOf = (domid: number) => (pair: PairView) =>
		pair.a.domid === domid || pair.b.domid === domid;

	return {
		store,
		domains,
		counts: {allowed: allowed.length, refused: verdicts.length - allowed.length},
		pair: (one, other) => verdicts.find(pair => isOf(one)(pair) && isOf(other)(pair)),
		active: () => allowed.filter(isActive),
		allowed: () => allowed,
		of: domid => verdicts.filter(isOf(domid)),
		all: () => verdicts,
		verdicts,
	};
}

function viewPair(verdict: PairVerdict): PairView {
	const {a, b, refusal} = verdict;

	return {
		...verdict,
		epoch: refusal ? undefined : a.announced.get(b.domid)?.epoch,
		offers: [a.offers.get(b.domid), b.offers.get(a.domid)],
		declined: [a.declined.get(b.domid), b.declined.get(a.domid)],
	};
}

function isActive({offers, declined}: PairView): boolean {
	return [...offers, ...declined].some(each => each !== undefined);
}
