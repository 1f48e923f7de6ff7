// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {ColoopError} from '../errors.ts';
import type {FleetConfig} from './config.ts';
import {openEtcd, type Etcd} from './etcd.ts';
import {readSnapshot, type Snapshot} from './snapshot.ts';

type Heard = {
	/** What etcd has now, changed or not. */
	read(snapshot: Snapshot, endpoint: string): void;
	/** `isAll`: each member has failed since the last answer of any. */
	lost(error: unknown, isAll: boolean): void;
};

/**
 * A member that stands still keeps its connections open, and etcd's own word that nothing happens comes every ten
 * minutes: where a watch is quiet for so long the member is asked.
 */
const quietMs = 15_000;

/** Reads, watches and reads again, from one member after the other, until the signal aborts. Never rejects. */
export async function follow(
	config: FleetConfig,
	heard: Heard,
	signal: AbortSignal,
): Promise<void> {
	const {endpoints} = config;
	/* Hosts spread themselves over the members. */
	let next = Math.floor(Math.random() * endpoints.length);
	let failures = 0;
	const read = (snapshot: Snapshot, endpoint: string) => {
		failures = 0;
		heard.read(snapshot, endpoint);
	};

	while (!signal.aborted) {
		const endpoint = endpoints[next++ % endpoints.length] ?? '';
		try {
			await stayWith(endpoint, config, read, signal);
		} catch (error) {
			failures += 1;
			if (!signal.aborted) {
				heard.lost(error, failures >= endpoints.length);
			}
		}
		await sleep(pauseAfter(failures, endpoints.length), undefined, {signal}).catch(() => {});
	}
}

const shortest = 250;
const longest = 30_000;

/**
 * In ms: the other members are asked soon, then ever more rarely. Half of it is chance, so that a thousand hosts do not
 * all come back at once.
 */
export function pauseAfter(failures: number, members: number, chance = Math.random()): number {
	const rounds = Math.max(0, failures - members);
	const pause = Math.min(longest, shortest * 2 ** Math.min(rounds, 16));

	return pause * (0.5 + chance / 2);
}

/**
 * Until the member fails. Nothing is known from before: an etcd that was set back, or made anew, gives the same
 * revisions to something else.
 */
async function stayWith(
	endpoint: string,
	config: FleetConfig,
	read: Heard['read'],
	signal: AbortSignal,
): Promise<void> {
	const ended = new AbortController();
	const end = () => ended.abort();
	signal.addEventListener('abort', end);
	let etcd: Etcd | undefined;
	try {
		etcd = await openEtcd(endpoint, config, ended.signal);
		const {prefix} = config;
		let now = await readSnapshot(etcd, prefix, undefined, ended.signal);
		read(now, endpoint);
		/* From the revision after it: nothing that changes meanwhile is missed. */
		const changes = etcd.watch(prefix, now.revision + 1, ended.signal);
		let change = next(changes);
		for (;;) {
			const turn = await withinQuiet(change);
			if (turn?.done) {
				throw new ColoopError('FLEET', `${endpoint}: ended its watch`);
			}
			if (turn) {
				change = next(changes);
			}
			if (turn?.value !== undefined && turn.value <= now.revision) {
				continue;
			}
			now = await readSnapshot(etcd, prefix, now, ended.signal);
			read(now, endpoint);
		}
	} finally {
		signal.removeEventListener('abort', end);
		ended.abort();
		etcd?.close();
	}
}

/** One that fails when nobody waits for it any more is no failure of ours. */
function next<T>(items: AsyncIterator<T, void>): Promise<IteratorResult<T, void>> {
	const coming = items.next();
	coming.catch(() => {});

	return coming;
}

/** Undefined where nothing came for a while. */
async function withinQuiet<T>(coming: Promise<T>): Promise<T | undefined> {
	let timer: NodeJS.Timeout | undefined;
	const quiet = new Promise<undefined>(resolve => {
		timer = setTimeout(resolve, quietMs, undefined);
	});
	try {
		return await Promise.race([coming, quiet]);
	} finally {
		clearTimeout(timer);
	}
}
