// SPDX-License-Identifier: MIT
import {NftablesError} from './error.ts';
import type {
	NftBase,
	NftChain,
	NftFamily,
	NftRaw,
	NftRule,
	NftRuleset,
	NftSet,
	NftTable,
} from './types.ts';

/** The library's JSON output; nothing printed is an empty ruleset. Throws NftablesError with the bad value's path. */
export function parseRuleset(output: string): NftRuleset {
	const objects = output.trim() === '' ? [] : asArray(readJson(output)['nftables'], 'nftables');
	const tables: NftTable[] = [];
	const chains: NftChain[] = [];
	const rules: NftRule[] = [];
	const sets: NftSet[] = [];
	const maps: NftSet[] = [];
	const others: NftRaw[] = [];
	let version: string | undefined;

	for (const [index, item] of objects.entries()) {
		const at = `nftables[${index}]`;
		const {kind, value} = unwrap(asRecord(item, at), at);

		if (kind === 'metainfo') {
			version = optionalString(value['version'], `${at}.version`);
		} else if (kind === 'table') {
			tables.push(parseTable(value, at));
		} else if (kind === 'chain') {
			chains.push(parseChain(value, at));
		} else if (kind === 'rule') {
			rules.push(parseRule(value, at));
		} else if (kind === 'set') {
			sets.push(parseSet(value, at));
		} else if (kind === 'map') {
			maps.push(parseSet(value, at));
		} else {
			others.push({[kind]: value});
		}
	}

	return {version, tables, chains, rules, sets, maps, others};
}

/** Echoed commands are `{add: {rule: ...}}`; listed objects are `{rule: ...}`. */
function unwrap(item: NftRaw, at: string): {kind: string; value: NftRaw} {
	const [[kind, value] = ['', undefined]] = Object.entries(item);

	if (/^(add|insert|replace|create|delete)$/.test(kind)) {
		return unwrap(asRecord(value, at), at);
	}

	return {kind, value: asRecord(value, `${at}.${kind}`)};
}

function parseTable(raw: NftRaw, at: string): NftTable {
	return {...identity(raw, at), name: asString(raw['name'], `${at}.name`), raw};
}

function parseChain(raw: NftRaw, at: string): NftChain {
	return {
		...identity(raw, at),
		table: asString(raw['table'], `${at}.table`),
		name: asString(raw['name'], `${at}.name`),
		base:
			raw['hook'] === undefined && raw['type'] === undefined ? undefined : parseBase(raw, at),
		raw,
	};
}

function parseBase(raw: NftRaw, at: string): NftBase {
	const {dev} = raw;
	const devices = typeof dev === 'string' ? [dev] : dev;

	return {
		type: asString(raw['type'], `${at}.type`),
		hook: asString(raw['hook'], `${at}.hook`),
		prio: asNumber(raw['prio'], `${at}.prio`),
		policy: optionalString(raw['policy'], `${at}.policy`),
		devices:
			devices === undefined
				? undefined
				: asArray(devices, `${at}.dev`).map(device => asString(device, `${at}.dev`)),
	};
}

function parseRule(raw: NftRaw, at: string): NftRule {
	return {
		...identity(raw, at),
		table: asString(raw['table'], `${at}.table`),
		chain: asString(raw['chain'], `${at}.chain`),
		comment: optionalString(raw['comment'], `${at}.comment`),
		expr: asArray(raw['expr'] ?? [], `${at}.expr`),
		raw,
	};
}

function parseSet(raw: NftRaw, at: string): NftSet {
	const flags = raw['flags'] ?? [];

	return {
		...identity(raw, at),
		table: asString(raw['table'], `${at}.table`),
		name: asString(raw['name'], `${at}.name`),
		flags: (Array.isArray(flags) ? flags : [flags]).map((flag: unknown) =>
			asString(flag, `${at}.flags`),
		),
		elements: asArray(raw['elem'] ?? [], `${at}.elem`),
		raw,
	};
}

function identity(raw: NftRaw, at: string): {family: NftFamily; handle: number} {
	return {
		family: asFamily(raw['family'], `${at}.family`),
		handle: asNumber(raw['handle'], `${at}.handle`),
	};
}

const families: readonly NftFamily[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];

function asFamily(value: unknown, at: string): NftFamily {
	return families.find(family => family === value) ?? refuse('a family', value, at);
}

function readJson(text: string): NftRaw {
	try {
		const value: unknown = JSON.parse(text);

		return asRecord(value, 'output');
	} catch (cause) {
		if (cause instanceof NftablesError) {
			throw cause;
		}
		throw new NftablesError('OUTPUT', `output: expected JSON, got ${text.slice(0, 80)}`, {
			cause,
		});
	}
}

function asRecord(value: unknown, at: string): NftRaw {
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
		return value as NftRaw;
	}

	return refuse('an object', value, at);
}

function asArray(value: unknown, at: string): readonly unknown[] {
	return Array.isArray(value) ? value : refuse('a list', value, at);
}

function asString(value: unknown, at: string): string {
	return typeof value === 'string' ? value : refuse('a string', value, at);
}

function asNumber(value: unknown, at: string): number {
	return typeof value === 'number' ? value : refuse('a number', value, at);
}

function optionalString(value: unknown, at: string): string | undefined {
	return value === undefined ? undefined : asString(value, at);
}

function refuse(expected: string, got: unknown, at: string): never {
	throw new NftablesError(
		'OUTPUT',
		`${at}: expected ${expected}, got ${String(JSON.stringify(got)).slice(0, 80)}`,
	);
}
