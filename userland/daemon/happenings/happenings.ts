// SPDX-License-Identifier: MIT
import type {Fields} from '../log.ts';
import {endpointReaders} from './ours.ts';
import {hostReaders} from './pairs.ts';
import type {Happening, Story} from './story.ts';

/** Stories, and names, that are remembered. */
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
	const storyOf = (domid: number, other: number | null) => {
		const key = keyOf(domid, other);
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
		const story = storyOf(happening.domid, happening.other_domid);
		const what = [happening.event, happening.epoch, happening.code, happening.reason].join();
		const isNews = what !== story.last;
		story.last = what;

		return isNews ? happening : undefined;
	};
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
