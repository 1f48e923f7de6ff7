// SPDX-License-Identifier: MIT
import type {NftChain, NftFamily, NftRule, NftRuleset, NftSet} from '../nftables-js/index.ts';
import {fields} from './match.ts';

/** A ruleset, for looking things up by name. */
export type Book = {
	readonly rules: ReadonlyMap<string, readonly NftRule[]>;
	readonly chains: ReadonlyMap<string, NftChain>;
	/** Only those whose elements no packet can change. */
	readonly sets: ReadonlyMap<string, NftSet>;
};

export function indexRuleset(ruleset: NftRuleset): Book {
	const {rules, chains} = ruleset;
	const byChain = new Map<string, NftRule[]>();

	for (const rule of rules) {
		const key = keyOf(rule, rule.chain);
		const list = byChain.get(key);
		if (list) list.push(rule);
		else byChain.set(key, [rule]);
	}

	return {
		rules: byChain,
		chains: new Map(chains.map(chain => [keyOf(chain, chain.name), chain])),
		sets: fixedSets(ruleset),
	};
}

/** libnftables before 1.0.7 does not tell the flag `dynamic`, so rules that add to a set are looked for as well. */
function fixedSets({rules, sets}: NftRuleset): ReadonlyMap<string, NftSet> {
	const changed = new Set(
		rules.flatMap(rule =>
			rule.expr
				.map(statement => fields(fields(statement)['set'])['set'])
				.filter(name => typeof name === 'string')
				.map(name => keyOf(rule, name.replace(/^@/, ''))),
		),
	);
	const isFixed = (set: NftSet) =>
		!set.flags.includes('dynamic') &&
		!set.flags.includes('timeout') &&
		!changed.has(keyOf(set, set.name));

	return new Map(sets.filter(isFixed).map(set => [keyOf(set, set.name), set]));
}

/** Names are of a table: two tables may each have a chain of one name. */
export function keyOf({family, table}: {family: NftFamily; table: string}, name: string): string {
	return JSON.stringify([family, table, name]);
}
