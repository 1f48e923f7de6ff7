// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import type {OfferState, OfferValue} from '../../xenstore/values.ts';
import type {PairVerdict} from './judge.ts';
import type {Step} from './plan.ts';
import {isSame} from './same.ts';

/** An end's offer as it stands, and as the other end was told of it. */
type Way = {
	readonly from: Domain;
	readonly to: Domain;
	readonly offer: OfferValue | undefined;
	readonly seen: OfferValue | undefined;
};

function waysOf({a, b}: PairVerdict): Way[] {
	return [[a, b] as const, [b, a] as const].map(([from, to]) => ({
		from,
		to,
		offer: from.offers.get(to.domid),
		seen: to.relayed.get(from.domid),
	}));
}

/** In the order in which an offer has them. */
const states: readonly OfferState[] = ['offered', 'live', 'closed'];

/** A life ends when an end takes back, or replaces, what it offered in it. */
export function isOver(verdict: PairVerdict, epoch: number): boolean {
	return waysOf(verdict).some(({offer, seen}) => {
		if (seen?.epoch !== epoch) return offer?.epoch === epoch && offer.state === 'closed';
		const isOther = !isSame({...seen, state: ''}, {...offer, state: ''});
		if (offer === undefined || isOther) return true;
		const isBack = states.indexOf(offer.state) < states.indexOf(seen.state);
		return isBack || offer.state === 'closed';
	});
}

/** What the ends offer in this life. */
export function relay(verdict: PairVerdict, epoch: number): Step[] {
	return waysOf(verdict).flatMap(({from, to, offer, seen}): Step[] => {
		if (offer?.epoch === epoch) return isSame(offer, seen) ? [] : [tell(from, to, offer)];
		return to.relayed.has(from.domid) ? [untell(from, to)] : [];
	});
}

/** That a life is over that the other end was told of: it is not to attach to that offer any more. */
export function relayEnd(verdict: PairVerdict, epoch: number): Step[] {
	return waysOf(verdict).flatMap(({from, to, offer, seen}) => {
		const isNews = seen?.epoch === epoch && seen.state !== 'closed';
		const isClosed = offer?.epoch === epoch && offer.state === 'closed';
		return isNews && isClosed ? [tell(from, to, offer)] : [];
	});
}

/** Why each end declines, for the other to show. */
export function passOnDeclines({a, b}: PairVerdict): Step[] {
	return [[a, b] as const, [b, a] as const].flatMap(([from, to]): Step[] => {
		const value = from.declined.get(to.domid);
		const isTold = to.declinedBy.has(from.domid);
		const isSaid = value === undefined ? !isTold : isSame(value, to.declinedBy.get(from.domid));
		return isSaid ? [] : [{kind: 'decline', to: to.domid, from: from.domid, value}];
	});
}

/** Nothing any more. */
export function unrelay(verdict: PairVerdict): Step[] {
	return waysOf(verdict)
		.filter(({from, to}) => to.relayed.has(from.domid))
		.map(({from, to}) => untell(from, to));
}

function tell(from: Domain, to: Domain, value: OfferValue): Step {
	return {kind: 'relay', to: to.domid, from: from.domid, value};
}

function untell(from: Domain, to: Domain): Step {
	return {kind: 'unrelay', to: to.domid, from: from.domid};
}
