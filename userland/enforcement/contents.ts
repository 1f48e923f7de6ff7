// SPDX-License-Identifier: MIT
import type {NftCommand, NftElement} from '../nftables-js/index.ts';
import {mergePrefixes, renderPrefix, type Prefix} from '../prefixes.ts';
import type {Limits} from '../limits.ts';
import {table} from './table.ts';

/** LimitsByMac by the Ethernet address that they hold for. */
export type LimitsByMac = ReadonlyMap<string, Limits>;

/** One thing in our table: how it is added, and how taken away. */
type Item = {readonly add: readonly NftCommand[]; readonly remove: readonly NftCommand[]};

/** What our table holds, each by a name under which the same is never something else. */
export type Contents = ReadonlyMap<string, Item>;

export function contentsOf(limits: LimitsByMac): Contents {
	return new Map([...limits].flatMap(([mac, each]) => itemsOf(mac, each)));
}

/** From what is there to what is wanted; what stays is not touched, so a limit goes on with the tokens that it has. */
export function changes(before: Contents, after: Contents): NftCommand[] {
	const gone = [...before].filter(([name]) => !after.has(name));
	const come = [...after].filter(([name]) => !before.has(name));

	/* Ranges that go may overlap those that come. */
	return [...gone.flatMap(([, item]) => item.remove), ...come.flatMap(([, item]) => item.add)];
}

function itemsOf(mac: string, {rate, addresses, guards}: Limits): Array<[string, Item]> {
	return [
		...guards.map(guard => element(`no-${guard}`, mac, mac)),
		...(addresses === undefined ? [] : [element('locked', mac, mac)]),
		...mergePrefixes(addresses ?? []).map(prefix =>
			element(prefix.version === 4 ? 'from4' : 'from6', `${mac} ${renderPrefix(prefix)}`, {
				concat: [mac, rangeOf(prefix)],
			}),
		),
		...(rate === undefined ? [] : [limit(mac, rate)]),
	];
}

function rangeOf({version, address, length}: Prefix) {
	return length === (version === 4 ? 32 : 128) ? address : {prefix: {addr: address, len: length}};
}

function element(set: string, key: string, value: NftElement): [string, Item] {
	const elements = {element: {family: table.family, table: table.name, name: set, elem: [value]}};

	return [`${set} ${key}`, {add: [{add: elements}], remove: [{delete: elements}]}];
}

/** The longest packet that a channel carries has to fit into what may be sent at once. */
const burst = 128 * 1024;

/**
 * A limit lets through what a second has, and `burst`, at once, and then the rate (nft_limit_init() of Linux): at most
 * `rate * (t + 1 s) + burst` in any time t.
 */
function limit(mac: string, rate: number): [string, Item] {
	const place = {
		family: table.family,
		table: table.name,
		name: `${mac.replaceAll(':', '')}-${rate}`,
	};
	const bytes = Math.floor(rate / 8);
	const entry = (elem: NftElement) => ({element: {...place, name: 'rates', elem: [elem]}});
	const spec = {
		rate: bytes,
		rate_unit: 'bytes',
		per: 'second',
		burst,
		burst_unit: 'bytes',
		inv: true,
	} as const;

	return [
		`rates ${place.name}`,
		{
			add: [{add: {limit: {...place, ...spec}}}, {add: entry([mac, place.name])}],
			remove: [{delete: entry([mac, place.name])}, {delete: {limit: place}}],
		},
	];
}
