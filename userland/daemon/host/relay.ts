// SPDX-License-Identifier: MIT
import type {PairVerdict} from './judge.ts';
import type {Step} from './plan.ts';
import {isSame} from './same.ts';

/** What each end offers in this epoch, for the other. */
export function relay({a, b}: PairVerdict, epoch: number): Step[] {
	return [[a, b] as const, [b, a] as const].flatMap(([from, to]): Step[] => {
		const way = {to: to.domid, from: from.domid};
		const offer = from.offers.get(to.domid);
		const seen = to.relayed.get(from.domid);
		if (offer?.epoch === epoch) {
			return isSame(offer, seen) ? [] : [{kind: 'relay', ...way, value: offer}];
		}
		return to.relayed.has(from.domid) ? [{kind: 'unrelay', ...way}] : [];
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

/** The pair gets a new epoch: old offers go. */
export function unrelay({a, b}: PairVerdict): Step[] {
	return [
		...(a.relayed.has(b.domid) ? [{kind: 'unrelay', to: a.domid, from: b.domid} as const] : []),
		...(b.relayed.has(a.domid) ? [{kind: 'unrelay', to: b.domid, from: a.domid} as const] : []),
	];
}
