// SPDX-License-Identifier: MIT
import type {NftRuleset} from '../nftables-js/index.ts';
import type {RuleRef} from './types.ts';

/** What `nft -a list ruleset` prints and its JSON lacks. */
export type Listing = {
	/** A rule as nft writes it. */
	textOf(rule: Pick<RuleRef, 'table' | 'chain' | 'handle'>): string | undefined;
	/** The devices of a base chain; undefined where none are printed. */
	devicesOf(table: string, chain: string): readonly string[] | undefined;
	/** Whether it shows the same chains and rules. */
	isOf(ruleset: NftRuleset): boolean;
};

export function parseListing(text: string): Listing {
	const rules = new Map<string, string>();
	const chains = new Map<string, readonly string[] | undefined>();
	let table = '';
	let chain: string | undefined;
	let body: string[] = [];

	for (const line of text.split('\n')) {
		const opened = /^(table|\tchain) (.+?) \{(?: # handle \d+)?$/.exec(line);
		const [, handle] = / # handle (\d+)$/.exec(line) ?? [];

		if (opened?.[1] === 'table') {
			table = opened[2] ?? '';
			chain = undefined;
		} else if (opened) {
			chain = opened[2] ?? '';
			chains.set(keyOf(table, chain), undefined);
		} else if (chain === undefined || line === '\t}') chain = undefined;
		else if (line.startsWith('\t\ttype ') && body.length === 0)
			chains.set(keyOf(table, chain), readDevices(line));
		else if (line.startsWith('\t\tcomment "')) continue;
		else if (handle === undefined) body.push(line.trim());
		else {
			// A long set takes several lines; the handle ends the last.
			const rule = [...body, line.replace(/ # handle \d+$/, '').trim()].join(' ');
			rules.set(keyOf(table, chain, handle), rule);
			body = [];
		}
	}

	return {
		textOf: rule => rules.get(keyOf(rule.table, rule.chain, String(rule.handle))),
		devicesOf: (inTable, inChain) => chains.get(keyOf(inTable, inChain)),
		isOf: ruleset =>
			ruleset.chains.length === chains.size &&
			ruleset.rules.length === rules.size &&
			ruleset.chains.every(({family, table: name, name: inChain}) =>
				chains.has(keyOf(`${family} ${name}`, inChain)),
			) &&
			ruleset.rules.every(({family, table: name, chain: inChain, handle}) =>
				rules.has(keyOf(`${family} ${name}`, inChain, String(handle))),
			),
	};
}

/** libnftables before 1.0.7 leaves the devices of netdev chains out of its JSON. */
export function withDevices(ruleset: NftRuleset, listing: Listing): NftRuleset {
	const chains = ruleset.chains.map(chain => {
		if (!chain.base || chain.base.devices) return chain;
		const devices = listing.devicesOf(`${chain.family} ${chain.table}`, chain.name);

		return {...chain, base: {...chain.base, devices}};
	});

	return {...ruleset, chains};
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
