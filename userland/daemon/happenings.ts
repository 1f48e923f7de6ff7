// SPDX-License-Identifier: MIT
import type {PeerEvent} from '../control/protocol.ts';
import type {Fields} from './log.ts';
import {declinedText, ordinaryText} from './ordinary.ts';
import {reasonText} from './reasons.ts';

/** What a line of the log means for a peer; nothing where it is no news for people. */
type Happening = Omit<PeerEvent, 'time'>;

/** One pair, or one of our peers, as the lines so far have left it. */
type Story = {
	isOpen: boolean;
	/** Why the channel is about to end, said before it has. */
	ending: string | undefined;
	/** What happened last, so that what is tried again is not news again. */
	last: string;
	/** Of the host: the ends that say that they are live, by domid, with the epoch. */
	readonly live: Map<number, number>;
};

type Read = (fields: Fields) => Happening | undefined;

/** By what lines tell: the domid of our peer, or the domids of a pair of the host. */
const most = 4096;

/**
 * Reads the log's lines for what happens to channels. `hasEndpoint`: pairs of dom0 itself are told by its
 * own module, and not a second time by what the ends say.
 */
export function createHappenings(
	hasEndpoint: boolean,
	nameOf: (domid: number) => string | undefined,
): (event: string, fields: Fields) => Happening | undefined {
	const stories = new Map<string, Story>();
	const names = new Map<number, string>();
	const storyOf = (key: string) => {
		const story = stories.get(key) ?? {
			isOpen: false,
			ending: undefined,
			last: '',
			live: new Map(),
		};
		stories.delete(key);
		stories.set(key, story);
		dropOldest(stories);

		return story;
	};
	const named = (domid: number) => names.get(domid) ?? nameOf(domid) ?? `domain ${domid}`;
	const readers = new Map([
		...Object.entries(endpointReaders(storyOf, named)),
		...Object.entries(hostReaders(storyOf, named, hasEndpoint)),
	]);

	return (event, fields) => {
		for (const [name, domid] of namesIn(fields)) {
			names.delete(domid);
			names.set(domid, name);
		}
		dropOldest(names);
		const happening = readers.get(event)?.(fields);
		if (happening === undefined) {
			return undefined;
		}
		const story = storyOf(keyOf(happening.domid, happening.other_domid));
		const what = [happening.event, happening.epoch, happening.code, happening.reason].join();
		const isNews = what !== story.last;
		story.last = what;

		return isNews ? happening : undefined;
	};
}

type StoryOf = (key: string) => Story;
type Named = (domid: number) => string;

/** Of our own channels, as our module and our steps tell them. */
function endpointReaders(storyOf: StoryOf, named: Named): Record<string, Read> {
	const about = (fields: Fields, what: Partial<Happening> & {event: string}): Happening => ({
		...{peer: named(domidOf(fields)), domid: domidOf(fields), other: null, other_domid: null},
		...{epoch: numberOf(fields, 'epoch'), code: null, reason: null, ...what},
	});
	const story = (fields: Fields) => storyOf(keyOf(domidOf(fields), null));
	const ended = (fields: Fields): Happening | undefined => {
		const before = story(fields);
		const reason = wordOf(fields, 'reason');
		const code = reason === 'none' || reason === null ? (before.ending ?? null) : reason;
		const wasOpen = before.isOpen;
		Object.assign(before, {isOpen: false, ending: undefined});
		if (wasOpen) {
			return about(fields, {event: 'closed', ...reasonText(code)});
		}

		return code === 'timeout'
			? about(fields, {event: 'fallen-back', ...reasonText(code)})
			: undefined;
	};
	const brokeDown: Read = fields => {
		story(fields).isOpen = false;

		return about(fields, {event: 'broken', ...reasonText(wordOf(fields, 'reason'))});
	};

	return {
		'channel.opened'(fields) {
			story(fields).isOpen = true;

			return about(fields, {event: 'opened'});
		},
		'channel.draining'(fields) {
			story(fields).ending = wordOf(fields, 'reason') ?? undefined;

			return undefined;
		},
		'channel.closed': ended,
		'channel.ended': ended,
		'peer.removed': fields => ended({...fields, reason: fields['reason'] ?? 'peer-removed'}),
		'channel.broken': brokeDown,
		'channel.stalled': brokeDown,
		'peer.declined'(fields) {
			const {code, reason} = declineOf(fields, 'we', named(domidOf(fields)));

			return about(fields, {event: eventOf(code), code, reason});
		},
		'step.failed'(fields) {
			const isTry = ['peer-new', 'offer', 'attach'].includes(String(fields['step']));
			const reason = wordOf(fields, 'message');

			return isTry && fields['domid'] !== undefined
				? about(fields, {event: 'fallen-back', code: 'failed', reason})
				: undefined;
		},
	};
}

/** Of the host's pairs, as their ends tell dom0. */
function hostReaders(storyOf: StoryOf, named: Named, hasEndpoint: boolean): Record<string, Read> {
	const about = (
		[one, other]: readonly [number, number],
		what: Partial<Happening> & {event: string},
	): Happening | undefined => {
		const [a, b] = [Math.min(one, other), Math.max(one, other)];
		const ends = {peer: named(a), domid: a, other: named(b), other_domid: b};

		return a === 0 && hasEndpoint
			? undefined
			: {...ends, epoch: null, code: null, reason: null, ...what};
	};
	const closed = (one: number, other: number, reason: string) => {
		const story = storyOf(keyOf(one, other));
		const wasOpen = story.isOpen;
		story.isOpen = false;
		story.live.clear();

		return wasOpen ? about([one, other], {event: 'closed', reason}) : undefined;
	};

	return {
		'offer.relayed'(fields) {
			const [to, from] = [domidOf(fields), numberOf(fields, 'from') ?? -1];
			const epoch = numberOf(fields, 'epoch') ?? 0;
			const story = storyOf(keyOf(to, from));
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
			storyOf(keyOf(a, b)).isOpen = false;
			const code = wordOf(fields, 'code');

			return about([a, b], {event: 'refused', code, reason: wordOf(fields, 'reason')});
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

function declineOf(fields: Fields, by: string, about: string): {code: string; reason: string} {
	const code = wordOf(fields, 'code') ?? '';
	const detail = wordOf(fields, 'detail') ?? undefined;
	if (by !== 'we') {
		return {
			code: code === 'rules' ? (detail ?? code) : code,
			reason: declinedText(by, about, {code, detail}),
		};
	}
	if (code === 'rules') {
		const reason = ordinaryText(detail ?? code, 'our interface');

		return {code: detail ?? code, reason};
	}

	return {
		code,
		reason: detail === undefined ? ownText(code) : ordinaryText(detail, 'our interface'),
	};
}

/** Why we decline a peer, of which its status tells more. */
function ownText(code: string): string {
	return own[code] ?? code;
}

const own: Readonly<Record<string, string>> = {
	policy: 'our policy does not allow it',
	held: 'taken down with `coloop down`',
	device: 'no interface of ours beside coloop0 has the announced address',
	memory: 'short of memory or grants, will try again',
	version: 'no version of the protocol is spoken by both',
};

/** Packets keep to the ordinary path, or there is no channel at all. */
function eventOf(code: string): string {
	return ['qdisc', 'tc', 'size', 'pacing', 'rules', 'memory'].includes(code)
		? 'fallen-back'
		: 'refused';
}

function* namesIn(fields: Fields): Generator<readonly [string, number]> {
	const {peer, domid, peer_domid: peerDomid} = fields;
	const of = peerDomid ?? domid;
	if (typeof peer === 'string' && typeof of === 'number') {
		yield [peer, of];
	}
}

function dropOldest(map: Map<unknown, unknown>): void {
	const oldest = map.keys().next();
	if (map.size > most && !oldest.done) {
		map.delete(oldest.value);
	}
}

function keyOf(one: number, other: number | null): string {
	return other === null ? `${one}` : `${Math.min(one, other)} ${Math.max(one, other)}`;
}

function domidOf(fields: Fields): number {
	return numberOf(fields, 'domid') ?? -1;
}

function numberOf(fields: Fields, key: string): number | null {
	const value = fields[key];

	return typeof value === 'number' ? value : null;
}

function wordOf(fields: Fields, key: string): string | null {
	const value = fields[key];

	return typeof value === 'string' ? value : null;
}
