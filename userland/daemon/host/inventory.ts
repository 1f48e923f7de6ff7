// SPDX-License-Identifier: MIT
import {isDeepStrictEqual} from 'node:util';
import {listDomids, readDomain, type Domain} from '../../xenstore/discover.ts';
import {refusalName} from '../../xenstore/errors.ts';
import type {Store} from '../../xenstore/store.ts';
import {describe, type Log} from '../log.ts';

/** The domains as last read, read again only where something may have changed. */
export type Inventory = {
	/** By domid. */
	readonly domains: ReadonlyMap<number, Domain>;
	/** Domains may have come or gone. */
	invalidateList(): void;
	invalidate(domid: number): void;
	readonly isValid: boolean;
	/** Reads what is not valid, or a part of it where that is much. */
	read(): Promise<Changes>;
	/** Takes what was read of it otherwise, or what we wrote. Answers whether that is new. */
	update(domid: number, change: Partial<Domain>): boolean;
};

export type Changes = {
	readonly entered: readonly number[];
	readonly left: readonly number[];
	readonly changed: readonly number[];
	/** Trees of domains that are gone, with nothing in it but what we wrote too late. */
	readonly leftovers: readonly number[];
};

type Options = {
	readonly log: Log;
	/** Called before a domain is read for the first time. */
	enter(domid: number): Promise<void>;
	leave(domid: number): void;
};

/** How many are read at once: enough to hide the time that an answer takes. */
const batch = 32;

export function createInventory(store: Store, {log, enter, leave}: Options): Inventory {
	const domains = new Map<number, Domain>();
	const watched = new Set<number>();
	const refused = new Set<number>();
	const invalid = new Set<number>();
	let isListValid = false;

	const list = async () => {
		isListValid = true;
		const here = new Set(await listDomids(store));
		const gone = [...watched].filter(domid => !here.has(domid));
		gone.forEach(domid => {
			[watched, refused, invalid].forEach(set => set.delete(domid));
			leave(domid);
		});
		[...here].filter(domid => !domains.has(domid)).forEach(domid => invalid.add(domid));

		return gone.filter(domid => domains.delete(domid));
	};
	const readOne = async (domid: number) => {
		if (!watched.has(domid)) {
			watched.add(domid);
			await enter(domid);
		}
		try {
			const found = await readDomain(store, domid);
			refused.delete(domid);

			return {domid, found};
		} catch (error) {
			/* What one domain's nodes are like is its own trouble. */
			if (refusalName(error) === undefined) {
				throw error;
			}
			if (!refused.has(domid)) {
				log.warn('domain.unread', {domid, ...describe(error)});
			}
			refused.add(domid);

			return {domid, found: domains.get(domid)};
		}
	};

	return {
		domains,
		invalidateList() {
			isListValid = false;
		},
		invalidate(domid) {
			invalid.add(domid);
		},
		get isValid() {
			return isListValid && invalid.size === 0;
		},
		async read() {
			const left = isListValid ? [] : await list();
			const some = [...invalid].slice(0, batch);
			some.forEach(domid => invalid.delete(domid));
			const results = await Promise.all(some.map(readOne));

			return {...sort(results, domains), left: [...left, ...vanish(results, domains)]};
		},
		update(domid, change) {
			const before = domains.get(domid);
			const after = before && {...before, ...change};
			if (after === undefined || isDeepStrictEqual(before, after)) {
				return false;
			}
			domains.set(domid, after);

			return true;
		},
	};
}

type Result = {
	readonly domid: number;
	readonly found: Awaited<ReturnType<typeof readDomain>>;
};

function sort(results: readonly Result[], domains: Map<number, Domain>): Omit<Changes, 'left'> {
	const [entered, changed, leftovers]: [number[], number[], number[]] = [[], [], []];

	for (const {domid, found} of results) {
		if (found === undefined || 'isLeftover' in found) {
			if (found) {
				leftovers.push(domid);
			}
			continue;
		}
		const before = domains.get(domid);
		domains.set(domid, found);
		if (before === undefined) {
			entered.push(domid);
		} else if (!isDeepStrictEqual(before, found)) {
			changed.push(domid);
		}
	}

	return {entered, changed, leftovers};
}

/** Those that have no name any more are no domains, though their trees are still there. */
function vanish(results: readonly Result[], domains: Map<number, Domain>): number[] {
	return results
		.filter(({found}) => found === undefined || 'isLeftover' in found)
		.map(({domid}) => domid)
		.filter(domid => domains.delete(domid));
}
