// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {ColoopError} from '../errors.ts';
import type {Documents} from '../policy/documents.ts';
import type {PolicyFile} from '../policy/files.ts';
import {tokenOfFiles} from '../policy/token.ts';
import type {FleetConfig} from './config.ts';
import {follow} from './follow.ts';
import {keep, readKept, type Kept} from './kept.ts';
import {filesOf, revisionOf, tokenOf, type Snapshot} from './snapshot.ts';

/** What the daemon says of it, in snake case as the status has it. */
export type FleetState = {
	/** `etcd:/coloop/policy/` */
	readonly source: string;
	/** The member that we hear; null: none. */
	readonly endpoint: string | null;
	/** The last revision at which one of its documents was written, and their token; null: never read. */
	readonly revision: number | null;
	readonly token: string | null;
	readonly documents: number;
	/** Whether these are in force: a policy of them had no error. */
	readonly in_force: boolean;
	/** When etcd last had them, in seconds since 1970. */
	readonly confirmed: number | null;
	/** What keeps us from hearing of changes, or the copy from being kept. */
	readonly problem: string | null;
};

export type Fleet = Documents & {state(): FleetState};

type Fields = Readonly<Record<string, string | number>>;

type World = {
	readonly file: string;
	readonly log: Record<'info' | 'warn', (event: string, fields: Fields) => void>;
	/** Seconds since 1970. */
	readonly unix: () => number;
};

/** For the first answer; what is never read allows nothing, see SECURITY.md. */
const patienceMs = 5000;

/** Policy of an etcd, and where that is away, the last of it that was good. */
export function createFleet(config: FleetConfig, {file, log, unix}: World): Fleet {
	const source = `etcd:${config.prefix}`;
	let latest: Kept | undefined;
	let token: string | undefined;
	let given: readonly PolicyFile[] = [];
	let accepted: readonly PolicyFile[] | undefined;
	let saved = Promise.resolve();
	let isRead = false;
	let endpoint: string | undefined;
	let problem: string | undefined = 'no member has answered yet';
	const told = new Set<string>();
	let wake = () => {};
	const heard = new Promise<void>(resolve => (wake = resolve));
	/* What was kept is read first: if etcd has something broken by now, it is the last good policy. */
	let begin = () => {};
	const begun = new Promise<void>(resolve => (begin = resolve));

	const take = (next: Kept) => {
		const isUntouched = latest?.documents === next.documents;
		latest = next;
		if (isUntouched) {
			return false;
		}
		token = tokenOf(next);
		const files = filesOf(next);
		/* What is no policy by its name is warned of, and has no part in the token. */
		const isSame = isRead && tokenOfFiles(files) === tokenOfFiles(given);
		isRead = true;
		given = isSame ? given : files;

		return !isSame;
	};
	const loadKept = async () => {
		try {
			const kept = await readKept(file, config.prefix);
			if (kept) {
				take(kept);

				return true;
			}
		} catch (error) {
			log.warn('fleet.unkept', describe(error));
		}

		return false;
	};
	const read = (snapshot: Snapshot, from: string, changed: () => void) => {
		if (endpoint !== from) {
			log.info('fleet.connected', {endpoint: from, revision: snapshot.revision});
		}
		[endpoint, problem] = [from, undefined];
		told.clear();
		if (take({...snapshot, confirmed: unix()})) {
			log.info('fleet.read', {
				...{source, revision: revisionOf(snapshot), token: token ?? ''},
				documents: snapshot.documents.length,
			});
			changed();
		}
		wake();
	};
	const lost = (error: unknown, isAll: boolean) => {
		if (!isAll) {
			return;
		}
		const fields = describe(error);
		if (!told.has(fields.message)) {
			told.add(fields.message);
			log.warn('fleet.lost', fields);
		}
		[endpoint, problem] = [undefined, fields.message];
	};

	return {
		async ready(signal) {
			if (!(await loadKept())) {
				begin();
				await Promise.race([heard, pause(patienceMs, signal)]);
			}
		},
		read() {
			begin();

			return latest ? given : [unread(source, problem)];
		},
		async follow(changed, signal) {
			await begun;
			await follow(
				config,
				{read: (snapshot, from) => read(snapshot, from, changed), lost},
				signal,
			);
		},
		accept(documents) {
			if (latest === undefined || documents !== given || accepted === documents) {
				return;
			}
			accepted = documents;
			const kept = latest;
			/* One after the other: they share the new file, and the last one is to stay. */
			saved = saved
				.then(() => keep(file, kept))
				.catch(error => log.warn('fleet.unkept', describe(error)));
		},
		state: () => ({
			source,
			endpoint: endpoint ?? null,
			revision: latest ? revisionOf(latest) : null,
			token: token ?? null,
			documents: latest?.documents.length ?? 0,
			in_force: latest !== undefined && accepted === given,
			confirmed: latest?.confirmed ?? null,
			problem: problem ?? null,
		}),
	};
}

/** Who reads nothing of etcd may lack just the deny that mattered. */
function unread(source: string, problem: string | undefined): PolicyFile {
	const content = new Error(`none: ${problem ?? 'the answer is yet to be read'}`);

	return {name: source, path: `${source}0.yaml`, content};
}

function describe(error: unknown): {message: string; hint: string} {
	const message = error instanceof Error ? error.message : String(error);

	return {message, hint: (error instanceof ColoopError && error.hint) || ''};
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
	await sleep(ms, undefined, {signal}).catch(() => {});
}
