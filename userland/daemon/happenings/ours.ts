// SPDX-License-Identifier: MIT
import type {Fields} from '../log.ts';
import {reasonText} from '../reasons.ts';
import {declineOf, eventOf} from './decline.ts';
import {domidOf, numberOf, wordOf} from './fields.ts';
import type {Happening, Named, Read, StoryOf} from './story.ts';

/** Of our own channels, as our module and our steps tell them. */
export function endpointReaders(storyOf: StoryOf, named: Named): Record<string, Read> {
	const about = (fields: Fields, what: Partial<Happening> & {event: string}): Happening => ({
		...{peer: named(domidOf(fields)), domid: domidOf(fields), other: null, other_domid: null},
		...{epoch: numberOf(fields, 'epoch'), code: null, reason: null, ...what},
	});
	const story = (fields: Fields) => storyOf(domidOf(fields), null);
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
