// SPDX-License-Identifier: MIT
import type {BaseChain, TableName} from '../kernel/chains.ts';

/** What decides which tables of nftables frames between our ports can meet. */
export type Scope = {
	readonly devices: ReadonlySet<string>;
	/** Whether any bridge hands frames to dom0's IP chains. */
	readonly filtersIp: boolean;
};

/**
 * The tables to read, once each: what no base chain of theirs sees cannot decide, however large it is. Jumps do not leave
 * a table.
 */
export function metTables(chains: readonly BaseChain[], scope: Scope): TableName[] {
	const met = chains.filter(chain => isMet(chain, scope));
	const byKey = new Map(met.map(({family, table}) => [keyOf({family, table}), {family, table}]));

	return [...byKey.values()];
}

export function keyOf({family, table}: TableName): string {
	return `${family} ${table}`;
}

function isMet({family, hook, devices}: BaseChain, scope: Scope): boolean {
	if (hook === 'ingress' || hook === 'egress') {
		return devices === undefined || devices.some(device => covers(device, scope.devices));
	}
	switch (family) {
		case 'bridge':
			return true;
		case 'ip':
		case 'ip6':
		case 'inet':
			return scope.filtersIp;
		case 'netdev':
			return true; // a hook that is newer than this list
		case 'arp':
			return false;
	}
}

/** nft's own wildcard is a `*` at the end. */
function covers(pattern: string, devices: ReadonlySet<string>): boolean {
	return pattern.endsWith('*')
		? [...devices].some(name => name.startsWith(pattern.slice(0, -1)))
		: devices.has(pattern);
}
