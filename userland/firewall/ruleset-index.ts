// SPDX-License-Identifier: MIT
import type {NftChain, NftFamily, NftRule, NftRuleset, NftSet} from '../nftables-js/index.ts';
import {fields} from './fields.ts';
import {isStateful} from './literal.ts';

/** A ruleset, for looking things up by name. */
export type RulesetIndex = {
	readonly rules: ReadonlyMap<string, readonly NftRule[]>;
	readonly chains: ReadonlyMap<string, NftChain>;
	/** Base chains that packets meet: those of a dormant table are not hooked. */
	readonly baseChains: readonly NftChain[];
	/** Sets and maps, those only whose elements no packet can change. */
	readonly sets: ReadonlyMap<string, NftSet>;
	/** All of them, fixed or not. */
	readonly maps: ReadonlyMap<string, NftSet>;
	/** Sets and maps that do something to packets which they match, such as to limit them. */
	readonly statefulSets: ReadonlySet<string>;
};

export function indexRuleset(ruleset: NftRuleset): RulesetIndex {
	const {tables, rules, chains} = ruleset;
	const byChain = new Map<string, NftRule[]>();

	for (const rule of rules) {
		const key = keyOf(rule, rule.chain);
		const list = byChain.get(key);
		if (list) {
			list.push(rule);
		} else {
			byChain.set(key, [rule]);
		}
	}
	const dormant = new Set(
		tables.filter(hasFlag('dormant')).map(table => keyOf({...table, table: table.name}, '')),
	);

	return {
		rules: byChain,
		chains: new Map(chains.map(chain => [keyOf(chain, chain.name), chain])),
		baseChains: chains.filter(chain => chain.base && !dormant.has(keyOf(chain, ''))),
		sets: fixedSets(ruleset),
		maps: new Map(ruleset.maps.map(map => [keyOf(map, map.name), map])),
		statefulSets: new Set(
			[...ruleset.sets, ...ruleset.maps].filter(hasState).map(set => keyOf(set, set.name)),
		),
	};
}

/** A set may have statements for all its elements, and each element of its own; counters do nothing. */
function hasState({raw, elements}: NftSet): boolean {
	const statements = raw['stmt'] ?? [];

	return (
		!(Array.isArray(statements) && statements.every(each => 'counter' in fields(each))) ||
		elements.some(element => isStateful(Array.isArray(element) ? element[0] : element))
	);
}

/** libnftables before 1.0.7 does not tell the flag `dynamic`, so rules that add to a set are looked for as well. */
function fixedSets({rules, sets, maps}: NftRuleset): ReadonlyMap<string, NftSet> {
	const changed = new Set(
		rules.flatMap(rule =>
			rule.expr
				.map(fields)
				.map(({set, map}) => fields(set)['set'] ?? fields(map)['map'])
				.filter(name => typeof name === 'string')
				.map(name => keyOf(rule, name.replace(/^@/, ''))),
		),
	);
	const isFixed = (set: NftSet) =>
		!set.flags.includes('dynamic') &&
		!set.flags.includes('timeout') &&
		!changed.has(keyOf(set, set.name));

	return new Map([...sets, ...maps].filter(isFixed).map(set => [keyOf(set, set.name), set]));
}

/** Of a table; a list of them comes from nft's text, see withListing(): its JSON is not to be trusted before 1.0.7. */
function hasFlag(flag: string) {
	return ({raw}: {raw: Readonly<Record<string, unknown>>}) =>
		Array.isArray(raw['flags']) && raw['flags'].includes(flag);
}

/** Names are of a table: two tables may each have a chain of one name. */
export function keyOf({family, table}: {family: NftFamily; table: string}, name: string): string {
	return JSON.stringify([family, table, name]);
}
