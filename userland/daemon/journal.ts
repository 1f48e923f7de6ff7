// SPDX-License-Identifier: MIT
import type {Answer, PeerEvent, Trouble} from '../control/protocol.ts';
import {eventQueue} from '../event-queue.ts';
import {createHappenings} from './happenings/happenings.ts';
import type {Fields, Log, LogLevel} from './log.ts';

/** What happened lately, for people who ask or follow. */
export type Journal = {
	/** To be logged to by all: the journal is made of the lines. */
	readonly log: Log;
	/** The last warnings and errors, the oldest first. */
	troubles(): readonly Trouble[];
	/**
	 * What is remembered, the oldest first, and an answer without an event. With `follow` what happens then,
	 * until the signal aborts or more waits than a reader may be behind.
	 */
	observe(follow: boolean, signal: AbortSignal): AsyncGenerator<Answer>;
};

type Surroundings = {
	readonly log: Log;
	/** Seconds since 1970. */
	unix(): number;
	readonly hasEndpoint: boolean;
	/** Of a domain that no line has named yet. */
	nameOf(domid: number): string | undefined;
};

const mostEvents = 256;
const mostTroubles = 10;
/** How far a reader may be behind. */
const mostWaiting = 1024;

export function createJournal({log, unix, hasEndpoint, nameOf}: Surroundings): Journal {
	const events: PeerEvent[] = [];
	const troubles: Trouble[] = [];
	const readers = new Set<(event: PeerEvent) => void>();
	const read = createHappenings(hasEndpoint, nameOf);

	const note = (level: LogLevel, name: string, fields: Fields) => {
		const happening = read(name, fields);
		if (happening) {
			const event = {time: unix(), ...happening};
			keep(events, event, mostEvents);
			readers.forEach(push => push(event));
		}
		if (level === 'error' || level === 'warn') {
			const message = messageOf(fields);
			const isSame = (one: Trouble) => one.event === name && one.message === message;
			const again = troubles.findIndex(isSame);
			if (again >= 0) {
				troubles.splice(again, 1);
			}
			const {hint} = fields;
			const trouble = {time: unix(), level, event: name, message};
			keep(troubles, typeof hint === 'string' ? {...trouble, hint} : trouble, mostTroubles);
		}
	};
	const at =
		(level: LogLevel) =>
		(event: string, fields: Fields = {}) => {
			note(level, event, fields);
			log[level](event, fields);
		};

	return {
		log: {error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug')},
		troubles: () => [...troubles],
		async *observe(follow, signal) {
			const push = (event: PeerEvent) => queue.push(event);
			const stop = () => readers.delete(push);
			const queue = eventQueue<PeerEvent | 'too many'>({
				...{signal, overflow: 'too many', limit: mostWaiting, stop},
			});
			if (follow) {
				readers.add(push);
			}
			try {
				for (const event of [...events]) {
					yield {ok: true, event};
				}
				yield {ok: true};
				if (!follow) {
					return;
				}
				for await (const event of queue) {
					if (event === 'too many') {
						return;
					}
					yield {ok: true, event};
				}
			} finally {
				stop();
			}
		},
	};
}

function keep<T>(list: T[], item: T, most: number): void {
	list.push(item);
	if (list.length > most) {
		list.shift();
	}
}

/** What a line says in words; of whom, where it says no more. */
function messageOf(fields: Fields): string | null {
	const {message, reason, peer, domid} = fields;
	const whom = typeof peer === 'string' ? peer : domid === undefined ? [] : `domain ${domid}`;
	const what = typeof message === 'string' ? firstLine(message) : (reason ?? []);

	return [whom, what].flat().join(': ') || null;
}

/** A failure that nobody foresaw has its stack in the log. */
function firstLine(text: string): string {
	return text.split('\n', 1)[0] ?? '';
}
