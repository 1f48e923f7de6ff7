// SPDX-License-Identifier: MIT
import {refusalName} from '../../xenstore/errors.ts';
import {hostAlive, type Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Clock} from '../clock.ts';
import type {Refusal} from '../refusal.ts';

/** `unknown`: a host role older than this word, or none yet. */
export type HostState = 'unknown' | 'lives' | 'silent';

/**
 * Whether dom0's host role lives: it writes another word every 10 s (daemon/host/alive.ts). While it is
 * dead, what dom0 forbids cannot be heard, so channels may live on for a bounded time only.
 */
export type Silence = {
	/** What was read; answers whether it is another word than before. */
	update(word: string | undefined): boolean;
	/** What the host role that prepared our tree says of itself, where the word is as before. */
	servedBy(host: string | undefined): void;
	state(): HostState;
	/** Why no channel may be had; undefined where one may. */
	refusal(): Refusal | undefined;
	/** Ms until it is worth reading again. */
	next(): number;
};

/** How often the host role says something. */
const due = 10_000;

/** `limit`: for how many seconds policy lets channels live on; undefined: for ever. */
export function createSilence(clock: Clock, limit: () => number | undefined): Silence {
	let last: {readonly word: string; readonly since: number} | undefined;

	/* A word is due after 10 s; only then does silence begin. */
	const left = (since: number) => since + due + (limit() ?? Infinity) * 1000 - clock.now();
	const state = (): HostState => {
		if (last === undefined) {
			return 'unknown';
		}

		return left(last.since) > 0 ? 'lives' : 'silent';
	};

	return {
		update(word) {
			const isNew = word !== last?.word;
			if (isNew) {
				last = word === undefined ? undefined : {word, since: clock.now()};
			}

			return isNew;
		},
		servedBy(host) {
			if (last !== undefined && host !== undefined && isOlder(last.word, host)) {
				last = undefined;
			}
		},
		state,
		refusal() {
			if (state() !== 'silent') {
				return undefined;
			}
			const reason = `dom0's coloopd has said nothing for more than ${limit()} s, so nobody hears what dom0 forbids`;

			return {code: 'host-silent', reason};
		},
		next() {
			const usual = Math.min(15_000, Math.max(2500, (limit() ?? Infinity) * 250));
			const rest = last === undefined ? Infinity : left(last.since);

			return rest > 0 ? Math.min(usual, rest) : usual;
		},
	};
}

/** One reading. What we may not read is taken for what is not there. */
export async function readSilence(store: Store, paths: Own, silence: Silence): Promise<void> {
	if (!silence.update(await readOr(store, hostAlive))) {
		silence.servedBy(await readOr(store, paths.host));
	}
}

async function readOr(store: Store, path: string): Promise<string | undefined> {
	try {
		return await store.read(path);
	} catch (error) {
		if (refusalName(error) !== undefined) {
			return undefined;
		}
		throw error;
	}
}

/**
 * The word was left there by another host role than the one that serves us now, which knows no such
 * word: dom0 went back to an older version. Both begin with `<min> <max> <start, unix s>`.
 */
function isOlder(word: string, host: string): boolean {
	const startOf = (text: string) => Number(text.split(' ')[2]);

	return startOf(word) < startOf(host);
}
