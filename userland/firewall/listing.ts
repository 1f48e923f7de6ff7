// SPDX-License-Identifier: MIT
import type {NftRuleset, NftSet} from '../nftables-js/index.ts';
import type {RuleRef} from './types.ts';

/** What `nft -a list ruleset` prints and its JSON lacks. */
export type Listing = {
	/** A rule as nft writes it. */
	textOf(rule: Pick<RuleRef, 'table' | 'chain' | 'handle'>): string | undefined;
	/** The devices of a base chain; undefined where none are printed. */
	devicesOf(table: string, chain: string): readonly string[] | undefined;
	/** The flags of a table, or of a set or map in it: `dormant`, `dynamic`. */
	flagsOf(table: string, set?: string): readonly string[];
};

export function parseListing(text: string): Listing {
	const {rules, chains} = parseChains(text);
	const flags = parseFlags(text);

	return {
		textOf: rule => rules.get(keyOf(rule.table, rule.chain, String(rule.handle))),
		devicesOf: (inTable, inChain) => chains.get(keyOf(inTable, inChain)),
		flagsOf: (inTable, set) =>
			flags.get(set === undefined ? keyOf(inTable) : keyOf(inTable, set)) ?? [],
	};
}

type Chains = {
	/** By table, chain and handle, as nft writes them. */
	readonly rules: ReadonlyMap<string, string>;
	/** The devices of each, by table and chain. */
	readonly chains: ReadonlyMap<string, readonly string[] | undefined>;
};

function parseChains(text: string): Chains {
	const rules = new Map<string, string>();
	const chains = new Map<string, readonly string[] | undefined>();
	let [table, chain]: [string, string | undefined] = ['', undefined];
	let body: string[] = [];

	for (const line of text.split('\n')) {
		const [, what, name = ''] = /^(table|\tchain) (.+?) \{(?: # handle \d+)?$/.exec(line) ?? [];
		const [, handle] = / # handle (\d+)$/.exec(line) ?? [];

		if (what === 'table') {
			[table, chain] = [name, undefined];
		} else if (what !== undefined) {
			chain = name;
			chains.set(keyOf(table, chain), undefined);
		} else if (chain === undefined || line === '\t}') {
			chain = undefined;
		} else if (line.startsWith('\t\ttype ') && body.length === 0) {
			chains.set(keyOf(table, chain), readDevices(line));
		} else if (line.startsWith('\t\tcomment "')) {
			continue;
		} else if (handle === undefined) {
			body.push(line.trim());
		} else {
			// A long set takes several lines; the handle ends the last.
			const rule = [...body, line.replace(/ # handle \d+$/, '').trim()].join(' ');
			rules.set(keyOf(table, chain, handle), rule);
			body = [];
		}
	}

	return {rules, chains};
}

/** By table, or by table and set: the lines `flags dormant` of the one and `flags dynamic,timeout` of the other. */
function parseFlags(text: string): ReadonlyMap<string, readonly string[]> {
	const flags = new Map<string, readonly string[]>();
	let names: readonly string[] = [];

	for (const line of text.split('\n')) {
		const opened = /^(\t?)(?:table|set|map|chain) (.+?) \{(?: # handle \d+)?$/.exec(line);
		const [, list] = /^\t+flags ([a-z, -]+)$/.exec(line) ?? [];

		if (opened?.[2] !== undefined) {
			names = [...(opened[1] === '' ? [] : names.slice(0, 1)), opened[2]];
		}
		if (line === '\t}') {
			names = names.slice(0, 1);
		}
		if (list !== undefined) {
			flags.set(keyOf(...names), list.split(/, ?/));
		}
	}

	return flags;
}

/**
 * Completes what libnftables before 1.0.7 leaves out of its JSON, or gets wrong there: the devices of netdev chains, the
 * flags of tables, `dynamic` of sets.
 */
export function withDevices(ruleset: NftRuleset, listing: Listing): NftRuleset {
	const nameOf = ({family, table}: {family: string; table: string}) => `${family} ${table}`;
	const flagged = (set: NftSet): NftSet => {
		const flags = [...new Set([...set.flags, ...listing.flagsOf(nameOf(set), set.name)])];

		return {...set, flags};
	};

	return {
		...ruleset,
		tables: ruleset.tables.map(table => {
			const flags = listing.flagsOf(nameOf({...table, table: table.name}));

			return {...table, raw: {...table.raw, flags}};
		}),
		chains: ruleset.chains.map(chain => {
			if (!chain.base || chain.base.devices) {
				return chain;
			}
			const devices = listing.devicesOf(nameOf(chain), chain.name);

			return {...chain, base: {...chain.base, devices}};
		}),
		sets: ruleset.sets.map(flagged),
		maps: ruleset.maps.map(flagged),
	};
}

function readDevices(line: string): string[] | undefined {
	const [, one, many] =
		/ (?:device "?([^"\s;]+)"?|devices = \{ ([^}]*) \}) priority /.exec(line) ?? [];

	return one === undefined
		? many?.split(',').map(name => name.trim().replace(/^"(.*)"$/, '$1'))
		: [one];
}

function keyOf(...parts: readonly string[]): string {
	return JSON.stringify(parts);
}
