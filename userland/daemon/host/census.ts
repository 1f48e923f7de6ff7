// SPDX-License-Identifier: MIT
import {isDeepStrictEqual} from 'node:util';
import {listDomids, readDomain, type Domain, type Remains} from '../../xenstore/discover.ts';
import {vifOwner} from '../../xenstore/paths.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';

/** The domains as last read, read again only where something may have changed. */
export type Census = {
	/** Everything is in doubt. */
	doubtAll(): void;
	doubt(domid: number): void;
	/** A watch on the vif backends fired for this path. */
	doubtVif(path: StorePath): void;
	/** Reads what is in doubt. Answers the same object as before where it finds nothing new. */
	take(): Promise<Counted>;
};

export type Counted = {readonly domains: readonly Domain[]; readonly remains: readonly Remains[]};

export function createCensus(store: Store): Census {
	const known = new Map<number, Domain | Remains>();
	let doubted = new Set<number>();
	let all = true;
	let counted: Counted | undefined;

	const set = (domid: number, domain: Domain | Remains | undefined) => {
		if (isDeepStrictEqual(domain, known.get(domid))) return;
		if (domain) known.set(domid, domain);
		else known.delete(domid);
		counted = undefined;
	};
	const forget = (here: readonly number[]) => {
		const still = new Set(here);
		for (const domid of known.keys()) if (!still.has(domid)) set(domid, undefined);
	};

	return {
		doubtAll() {
			all = true;
		},
		doubt(domid) {
			doubted.add(domid);
		},
		doubtVif(path) {
			const owner = vifOwner(path);
			if (owner === undefined) all = true;
			else doubted.add(owner);
		},
		async take() {
			const [everything, some] = [all, doubted];
			[all, doubted] = [false, new Set()];
			try {
				const here = everything ? await listDomids(store) : [...some];
				if (everything) forget(here);
				for (const domid of here) set(domid, await readDomain(store, domid));
			} catch (error) {
				all = true;
				throw error;
			}
			return (counted ??= split([...known.values()]));
		},
	};
}

function split(known: readonly (Domain | Remains)[]): Counted {
	const domains = known.flatMap(one => ('remains' in one ? [] : [one]));
	const remains = known.flatMap(one => ('remains' in one ? [one] : []));
	return {domains: domains.sort((a, b) => a.domid - b.domid), remains};
}
