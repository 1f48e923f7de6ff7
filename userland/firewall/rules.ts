// SPDX-License-Identifier: MIT
import type {BaseChain, TableName} from '../kernel/chains.ts';
import type {NftRuleset} from '../nftables-js/index.ts';
import {inSlices} from '../slice.ts';
import {makeGuard, type Guard} from './guard.ts';
import {parseListing, withDevices, type Listing} from './listing.ts';
import {keyOf, metTables, type Scope} from './tables.ts';
import type {Tools} from './tools.ts';

/** What nftables has in the way. */
export type Rules = {readonly guard: Guard; readonly listing: Listing};

type Table = {readonly ruleset: NftRuleset; readonly text: string};

/** Nftables by table: only what frames between our ports can meet is read, and again only what changed. */
export type RulesReader = {
	/** Something in a table changed, named as `bridge filter`; in any, where messages were lost. */
	forget(table: string): void;
	/** Whether what changes in this table can matter, by the last reading. */
	isMet(table: string): boolean;
	/** Whether the last reading took the tables of the families ip, ip6 and inet for met. */
	readonly readsIp: boolean;
	/** The same object as before while nothing changed. */
	read(scope: Scope): Promise<Rules>;
};

export function createRulesReader(tools: Pick<Tools, 'readBaseChains' | 'readTable'>): RulesReader {
	let met: ReadonlySet<string> = new Set();
	let known = new Map<string, Table>();
	let last: {readonly seen: string; readonly tables: readonly Table[]; rules: Rules} | undefined;
	const forgotten = new Set<string>();
	let readsIp = false;

	async function take(name: TableName): Promise<Table | undefined> {
		const key = keyOf(name);

		// What is forgotten while it is read is read once more the next time; what fails stays forgotten.
		if (!forgotten.delete(key) && known.has(key)) {
			return known.get(key);
		}
		known.delete(key);

		return await tools.readTable(name);
	}

	return {
		forget(table) {
			const keys = table === 'all' ? known.keys() : [table];

			for (const key of keys) {
				forgotten.add(key);
			}
		},
		isMet: table => met.has(table),
		get readsIp() {
			return readsIp;
		},
		async read(scope) {
			readsIp = scope.filtersIp;
			const chains = await tools.readBaseChains();
			const names = metTables(chains, scope);
			const taken = new Map<string, Table>();

			met = new Set(names.map(keyOf));
			for (const name of names) {
				const table = await take(name);

				if (table !== undefined) {
					taken.set(keyOf(name), table);
				}
			}
			known = taken;
			const tables = [...taken.values()];
			const seen = JSON.stringify(chains.filter(chain => met.has(keyOf(chain))));
			const isSame =
				last?.seen === seen &&
				last.tables.length === tables.length &&
				tables.every((table, index) => table === last?.tables[index]);

			if (last === undefined || !isSame) {
				last = {seen, tables, rules: await build(tables, chains)};
			}

			return last.rules;
		},
	};
}

async function build(tables: readonly Table[], chains: readonly BaseChain[]): Promise<Rules> {
	const listing = parseListing(tables.map(({text}) => text).join('\n'));
	const ruleset = join(tables.map(table => table.ruleset));
	const guard = await inSlices(makeGuard(withDevices(withHooks(ruleset, chains), listing)));

	return {guard, listing};
}

/** Names of rules, chains and sets are of a table, so that tables stay apart in one list. */
function join(rulesets: readonly NftRuleset[]): NftRuleset {
	return {
		version: rulesets[0]?.version,
		tables: rulesets.flatMap(({tables}) => tables),
		chains: rulesets.flatMap(({chains}) => chains),
		rules: rulesets.flatMap(({rules}) => rules),
		sets: rulesets.flatMap(({sets}) => sets),
		maps: rulesets.flatMap(({maps}) => maps),
		others: rulesets.flatMap(({others}) => others),
	};
}

/** Libnftables before 1.0.7 leaves the devices of a base chain out of its JSON; the kernel tells them. */
function withHooks(ruleset: NftRuleset, baseChains: readonly BaseChain[]): NftRuleset {
	const devices = new Map(
		baseChains.map(chain => [JSON.stringify([keyOf(chain), chain.name]), chain.devices]),
	);
	const chains = ruleset.chains.map(chain =>
		chain.base && !chain.base.devices
			? {
					...chain,
					base: {
						...chain.base,
						devices: devices.get(JSON.stringify([keyOf(chain), chain.name])),
					},
				}
			: chain,
	);

	return {...ruleset, chains};
}
