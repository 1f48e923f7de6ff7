// SPDX-License-Identifier: MIT
import {readdirSync, watch, type FSWatcher} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import type {Documents} from './documents.ts';
import {loadApart} from './load-apart.ts';
import {inForce, policyDirs, type LoadedPolicy, type PolicyDirs} from './load.ts';
import type {Side} from './warnings.ts';

type Warn = (error: Error) => void;

export type PolicyWatch = AsyncIterable<LoadedPolicy> & {
	/** Reads again now and yields the outcome, changed or not (SIGHUP, `coloop policy reload`). */
	reload(): void;
};

/**
 * Yields the policy at once and after every change. While `errors` is not empty `policy` is the last good one,
 * or, where there never was one, the empty one: deny all. Ends with the signal. For one reader.
 * `warn` hears once of each place whose changes nobody will tell of.
 */
export function watchPolicy(
	dirs: PolicyDirs = policyDirs,
	signal: AbortSignal = new AbortController().signal,
	warn: Warn = () => {},
	side?: Side,
	documents?: Documents,
): PolicyWatch {
	const bell = createBell();

	return {
		reload: () => bell.ring('reload'),
		[Symbol.asyncIterator]: () => states(dirs, {signal, warn, bell, side, documents}),
	};
}

/** Writers of files come in bursts (truncate, write, rename); a reader in their midst sees half a file. */
const settleMs = 100;

type Watching = {
	readonly signal: AbortSignal;
	readonly warn: Warn;
	readonly bell: Bell;
	readonly side: Side | undefined;
	readonly documents: Documents | undefined;
};

async function* states(
	dirs: PolicyDirs,
	{signal, warn, bell, side, documents}: Watching,
): AsyncGenerator<LoadedPolicy, void, undefined> {
	const places = typeof dirs === 'string' ? [dirs] : dirs;
	const hints = createHints(places, () => bell.ring('hint'), warn);
	const end = () => bell.ring('end');
	signal.addEventListener('abort', end);
	let last: LoadedPolicy | undefined;
	let seen: string | undefined;
	let included: readonly string[] = [];
	void documents?.follow(() => bell.ring('hint'), signal);
	await documents?.ready(signal);

	try {
		for (let why: Why = 'reload'; !signal.aborted; why = await bell.wait(settleMs)) {
			if (why === 'end') {
				return;
			}
			// Watch first, then read: what changes in between rings the bell again.
			hints.renew(included);
			const given = documents?.read();
			const {fingerprint, ...read} = await loadApart({dirs, side, documents: given}, signal);
			if (signal.aborted) {
				return;
			}
			if (given && read.errors.length === 0) {
				documents?.accept(given);
			}
			if (String(included) !== String(read.included ?? [])) {
				included = read.included ?? [];
				bell.ring('hint');
			}
			const now: LoadedPolicy =
				read.errors.length > 0 && last ? inForce({...read, policy: last.policy}) : read;
			if (why === 'hint' && seen === fingerprint) {
				continue;
			}
			seen = fingerprint;
			last = now;
			yield now;
		}
	} finally {
		signal.removeEventListener('abort', end);
		hints.close();
	}
}

type Why = 'hint' | 'reload' | 'end';
type Bell = {ring(why: Why): void; wait(settleMs: number): Promise<Why>};

/** Many rings before one wait are one ring; a hint lets the burst pass first. */
function createBell(): Bell {
	const strength: readonly Why[] = ['hint', 'reload', 'end'];
	let pending: Why | undefined;
	let changed: (() => void) | undefined;

	return {
		ring(why) {
			if (!pending || strength.indexOf(why) > strength.indexOf(pending)) {
				pending = why;
			}
			changed?.();
		},
		wait: settle =>
			new Promise(resolve => {
				let timer: NodeJS.Timeout | undefined;
				const finish = (why: Why) => {
					clearTimeout(timer);
					pending = undefined;
					changed = undefined;
					resolve(why);
				};
				changed = () => {
					if (pending === 'hint') {
						timer ??= setTimeout(finish, settle, 'hint');
					} else if (pending) {
						finish(pending);
					}
				};
				changed();
			}),
	};
}

/** inotify on each directory, on the way to it and on what its links mean: each may be replaced. */
function createHints(
	dirs: readonly string[],
	ring: () => void,
	warn: Warn,
): {renew(included: readonly string[]): void; close(): void} {
	let watchers: FSWatcher[] = [];
	const unwatched = new Set<string>();
	const close = () => {
		for (const watcher of watchers) {
			watcher.close();
		}
		watchers = [];
	};
	const open = (place: Place) => {
		try {
			watchers.push(watchPlace(place, ring));
		} catch (error) {
			if (isAbsence(error) || unwatched.has(place.path)) {
				return;
			}
			unwatched.add(place.path);
			warn(error as Error);
		}
	};

	return {
		close,
		renew(included) {
			close();
			const places = dirs.flatMap(dir => [...steps(dir), ...links(dir)]);
			for (const place of [...places, ...included.flatMap(steps)]) {
				open(place);
			}
		},
	};
}

/** `entry`: the one name in the directory that matters; undefined: all do. */
type Place = {readonly path: string; readonly entry: string | undefined};

/** The directory, and each one above it for the next step down. */
function steps(dir: string): Place[] {
	const places: Place[] = [{path: dir, entry: undefined}];

	for (let path = dir; dirname(path) !== path; path = dirname(path)) {
		places.push({path: dirname(path), entry: basename(path)});
	}

	return places;
}

/** Policy files that stand elsewhere: what happens to them is no event of the directory. */
function links(dir: string): Place[] {
	try {
		return readdirSync(dir, {withFileTypes: true})
			.filter(file => file.isSymbolicLink())
			.map(({name}) => ({path: join(dir, name), entry: undefined}));
	} catch {
		return [];
	}
}

function watchPlace({path, entry}: Place, ring: () => void): FSWatcher {
	return watch(path, {persistent: false}, (_, name) => {
		if (entry === undefined || name === null || name === entry) {
			ring();
		}
	}).on('error', ring);
}

/** What is not there yet is told of by the directory above it. */
function isAbsence(error: unknown): boolean {
	const {code} = error as NodeJS.ErrnoException;

	return code === 'ENOENT' || code === 'ENOTDIR';
}
