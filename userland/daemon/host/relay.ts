// SPDX-License-Identifier: MIT
import type {OfferState, OfferValue} from '../../xenstore/values.ts';
import type {End, Pair} from './pair.ts';
import type {HostStep} from './steps.ts';
import {isSame} from './same.ts';

/** From one end to the other: what it says, and what the other was told of that. */
type Way = {
	readonly from: number;
	readonly to: number;
	readonly says: End;
	readonly knows: End;
};

function waysOf({a, b, ends}: Pair): Way[] {
	if (ends === undefined) {
		return [];
	}
	const [ofA, ofB] = ends;

	return [
		{from: a.domid, to: b.domid, says: ofA, knows: ofB},
		{from: b.domid, to: a.domid, says: ofB, knows: ofA},
	];
}

/** In the order in which an offer has them. */
const states: readonly OfferState[] = ['offered', 'live', 'closed'];

/** An epoch ends when an end takes back, or replaces, what it offered in it. */
export function isOver(pair: Pair, epoch: number): boolean {
	return waysOf(pair).some(({says: {offer}, knows: {relayed}}) => {
		if (relayed?.epoch !== epoch) {
			return offer?.epoch === epoch && offer.state === 'closed';
		}
		if (offer === undefined || !isSame({...relayed, state: ''}, {...offer, state: ''})) {
			return true;
		}
		const isBack = states.indexOf(offer.state) < states.indexOf(relayed.state);

		return isBack || offer.state === 'closed';
	});
}

/** What the ends offer in this epoch. */
export function relay(pair: Pair, epoch: number): HostStep[] {
	return waysOf(pair).flatMap(({from, to, says: {offer}, knows: {relayed}}): HostStep[] => {
		if (offer?.epoch === epoch) {
			return isSame(offer, relayed) ? [] : [relayStep(from, to, offer)];
		}

		return relayed === undefined ? [] : [{kind: 'unrelay', to, from}];
	});
}

/** That an epoch is over of which the other end was told: it is not to attach to that offer any more. */
export function relayEnd(pair: Pair, epoch: number): HostStep[] {
	return waysOf(pair).flatMap(({from, to, says: {offer}, knows: {relayed}}) => {
		const isNews = relayed?.epoch === epoch && relayed.state !== 'closed';
		const isClosed = offer?.epoch === epoch && offer.state === 'closed';

		return isNews && isClosed ? [relayStep(from, to, offer)] : [];
	});
}

/** Why each end declines, for the other to show. */
export function passOnDeclines(pair: Pair): HostStep[] {
	return waysOf(pair).flatMap(({from, to, says, knows}): HostStep[] =>
		isSame(says.declined, knows.declinedBy)
			? []
			: [{kind: 'decline', to, from, value: says.declined}],
	);
}

/** Nothing any more. */
export function unrelay(pair: Pair): HostStep[] {
	return waysOf(pair)
		.filter(({knows}) => knows.relayed !== undefined)
		.map(({from, to}) => ({kind: 'unrelay', to, from}));
}

function relayStep(from: number, to: number, value: OfferValue): HostStep {
	return {kind: 'relay', to, from, value};
}
