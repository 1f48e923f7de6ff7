// SPDX-License-Identifier: MIT
import type {EpochHistory} from './epochs.ts';
import type {PairVerdict} from './judge.ts';
import type {SharedLink} from './shared-links.ts';
import {announcementFor, isSameWay, setAnnounced, announcedTo, wrong, type Pair} from './pair.ts';
import type {FromHost} from './read.ts';
import {isSame} from './same.ts';
import type {HostStep} from './steps.ts';
import type {Subject} from './subjects.ts';

/** Of which its ends were told nothing yet. */
export function beginPair(
	{a, b, terms, links, limits}: PairVerdict,
	history: EpochHistory | undefined,
): Pair {
	return {
		a,
		b,
		terms,
		limits,
		links: partOf(links, a, b),
		announcedA: 0,
		announcedB: 0,
		isReworded: false,
		history,
		ends: undefined,
	};
}

/** Undefined for all links that the two share. */
function partOf(
	links: readonly SharedLink[],
	a: Subject,
	b: Subject,
): readonly SharedLink[] | undefined {
	const isSimple = a.ports.length === 1 && b.ports.length === 1;

	return isSimple ? undefined : links;
}

/** Takes the new verdict on an allowed pair, and marks what was told by the old one. */
export function change(pair: Pair, {a, b, terms, links, limits}: PairVerdict): void {
	const part = partOf(links, a, b);
	const isSamePair =
		pair.a.text === a.text &&
		pair.b.text === b.text &&
		pair.terms.digest === terms.digest &&
		isSame(pair.limits, limits) &&
		(pair.links === part || isSame(pair.links, part));
	if (isSamePair) {
		pair.terms = terms;

		return;
	}
	const changed: Pair = {...pair, a, b, terms, limits, links: part};
	const sides = ([0, 1] as const).map(side => {
		const [before, after] = [pair, changed].map(each => announcementFor(side, each, 1));

		return {side, before, after};
	});
	for (const {side, before, after} of sides) {
		if (before && after && announcedTo(pair, side) > 0 && !isSameWay(before, after)) {
			setAnnounced(changed, side, wrong);
		}
		changed.isReworded ||= !isSame(before, after);
	}
	Object.assign(pair, changed);
}

export function adoptionSteps(
	fromHost: FromHost,
	relayed: unknown,
	declinedBy: unknown,
	to: number,
	from: number,
): HostStep[] {
	const isStrangeOffer = fromHost.offer !== undefined && relayed === undefined;
	const isStrangeDecline = fromHost.declined !== undefined && declinedBy === undefined;

	return [
		...(isStrangeOffer ? [{kind: 'unrelay', to, from} as const] : []),
		...(isStrangeDecline ? [{kind: 'decline', to, from, value: undefined} as const] : []),
	];
}

export function epochOf({peer}: FromHost): number {
	return Number(/^\d{1,10}(?= )/.exec(peer ?? '')?.[0] ?? 0);
}
