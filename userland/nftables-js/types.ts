// SPDX-License-Identifier: MIT
//
// The objects of libnftables-json(5), as they are listed. What is read is checked for what is named here; what rules are made of
// stays `unknown`, because every version of nftables knows more of it than any list.

export type NftFamily = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

export type NftTable = {
	readonly family: NftFamily;
	readonly name: string;
	readonly handle: number;
	/** The whole object as the library gave it, flags, comment and what a newer version adds included. */
	readonly raw: NftRaw;
};

export type NftChain = {
	readonly family: NftFamily;
	readonly table: string;
	readonly name: string;
	readonly handle: number;
	/** Where packets enter, for a base chain; undefined for a chain that is only jumped to. */
	readonly base: NftBase | undefined;
	readonly raw: NftRaw;
};

export type NftBase = {
	readonly type: string;
	readonly hook: string;
	readonly prio: number;
	readonly policy: string | undefined;
	/** Of netdev and ingress chains. Undefined also where the library does not tell (before 1.0.7). */
	readonly devices: readonly string[] | undefined;
};

export type NftRule = {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
	readonly handle: number;
	readonly comment: string | undefined;
	/** Statements in order, each an object of one key: `{match: ...}`, `{drop: null}`. */
	readonly expr: readonly unknown[];
	readonly raw: NftRaw;
};

/** A set or a map; `map` is the type of the values of a map. */
export type NftSet = {
	readonly family: NftFamily;
	readonly table: string;
	readonly name: string;
	readonly handle: number;
	readonly flags: readonly string[];
	/** Literals, or objects such as `{prefix: ...}`, `{elem: {val, ...}}`; pairs in a map. */
	readonly elements: readonly unknown[];
	readonly raw: NftRaw;
};

export type NftRuleset = {
	/** The library's version, e.g. `1.0.6`. */
	readonly version: string | undefined;
	readonly tables: readonly NftTable[];
	readonly chains: readonly NftChain[];
	/** In the order of evaluation within each chain. */
	readonly rules: readonly NftRule[];
	readonly sets: readonly NftSet[];
	readonly maps: readonly NftSet[];
	/** Counters, quotas, flowtables, helpers, ... and what a newer library adds: `{counter: {...}}`. */
	readonly others: readonly NftRaw[];
};

export type NftRaw = {readonly [key: string]: unknown};
