// SPDX-License-Identifier: MIT
import type {NftRuleset} from '../nftables-js/index.ts';
import type {RuleRef} from './types.ts';

/** What `nft -a list ruleset` prints and its JSON lacks. */
export type Listing = {
	/** A rule as nft writes it. */
	textOf(rule: Pick<RuleRef, 'table' | 'chain' | 'handle'>): string | undefined;
	/** The devices of a base chain; undefined where none are printed. */
	devicesOf(table: string, chain: string): readonly string[] | undefined;
};

export function parseListing(text: string): Listing {
	const rules = new Map<string, string>();
	const devices = new Map<string, string[]>();
	let table = '';
	let chain: string | undefined;
	let pending: string[] = [];

	for (const line of text.split('\n')) {
		const opened = /^table (\S+ \S+) \{/.exec(line)?.[1];
		if (opened !== undefined) table = opened;
		else if (chain === undefined) chain = /^\tchain (\S+) \{/.exec(line)?.[1];
		else if (line === '\t}') chain = undefined;
		else if (line.startsWith('\t\ttype ') && pending.length === 0) {
			const found = readDevices(line);
			if (found) devices.set(keyOf(table, chain), found);
		} else if (line.trim() !== '' && !line.startsWith('\t\tcomment "')) {
			// A long set takes several lines; the handle ends the last.
			pending.push(line.trim());
			const [, body, handle] = /^(.*) # handle (\d+)$/.exec(pending.join(' ')) ?? [];
			if (body === undefined || handle === undefined) continue;
			rules.set(keyOf(table, chain, handle), body);
			pending = [];
		}
	}

	return {
		textOf: rule => rules.get(keyOf(rule.table, rule.chain, String(rule.handle))),
		devicesOf: (inTable, inChain) => devices.get(keyOf(inTable, inChain)),
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
