// SPDX-License-Identifier: MIT
import {declineOf, eventOf} from './decline.ts';
import {domidOf, numberOf, wordOf} from './fields.ts';
import type {Happening, Named, Read, StoryOf} from './story.ts';

/** Of the host's pairs, as their ends tell dom0. */
export function hostReaders(
	storyOf: StoryOf,
	named: Named,
	hasEndpoint: boolean,
): Record<string, Read> {
	const ofPair = (
		[one, other]: readonly [number, number],
		what: Partial<Happening> & {event: string},
	): Happening => {
		const [a, b] = [Math.min(one, other), Math.max(one, other)];
		const ends = {peer: named(a), domid: a, other: named(b), other_domid: b};

		return {...ends, epoch: null, code: null, reason: null, ...what};
	};
	const about = (pair: readonly [number, number], what: Partial<Happening> & {event: string}) =>
		pair.includes(0) && hasEndpoint ? undefined : ofPair(pair, what);
	const closed = (one: number, other: number, reason: string) => {
		const story = storyOf(one, other);
		const wasOpen = story.isOpen;
		story.isOpen = false;
		story.live.clear();

		return wasOpen ? about([one, other], {event: 'closed', reason}) : undefined;
	};

	return {
		'offer.relayed'(fields) {
			const [to, from] = [domidOf(fields), numberOf(fields, 'from') ?? -1];
			const epoch = numberOf(fields, 'epoch') ?? 0;
			const story = storyOf(to, from);
			if (fields['state'] === 'closed') {
				return closed(to, from, `${named(from)} has ended it`);
			}
			if (fields['state'] === 'live') {
				story.live.set(from, epoch);
			}
			if (story.isOpen || story.live.get(from) !== epoch || story.live.get(to) !== epoch) {
				return undefined;
			}
			story.isOpen = true;

			return about([to, from], {event: 'opened', epoch});
		},
		'peer.withdrawn': fields =>
			closed(domidOf(fields), numberOf(fields, 'peer_domid') ?? -1, 'dom0 has taken it back'),
		'pair.refused'(fields) {
			const [a, b] = [domidOf(fields), numberOf(fields, 'peer_domid') ?? -1];
			storyOf(a, b).isOpen = false;
			const code = wordOf(fields, 'code');

			/* Of dom0's own, too: its endpoint hears of no peer, and so of no refusal. */
			return ofPair([a, b], {event: 'refused', code, reason: wordOf(fields, 'reason')});
		},
		'decline.relayed'(fields) {
			const [to, from] = [domidOf(fields), numberOf(fields, 'from') ?? -1];
			if (fields['code'] === undefined) {
				return undefined;
			}
			const {code, reason} = declineOf(fields, named(from), named(to));
			const event = eventOf(code);

			return about([to, from], {
				event,
				code: event === 'refused' ? 'declined' : code,
				reason,
			});
		},
	};
}
