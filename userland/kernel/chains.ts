// SPDX-License-Identifier: MIT
import {type AttributeTable, attributesOf, viewOf} from './attributes.ts';
import {decode} from './codec.ts';
import {netfilterProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';

/** Families of nftables, as nft calls them. */
type TableFamily = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

/** A base chain: where in the kernel a table of nftables begins to see packets. */
export type BaseChain = {
	readonly family: TableFamily;
	readonly table: string;
	readonly name: string;
	/** As nft calls it: `forward`, `ingress`. */
	readonly hook: string;
	/** Of hooks of devices; undefined at others, and where the kernel tells none. */
	readonly devices: readonly string[] | undefined;
	/** What becomes of packets that its rules leave alone; undefined where the kernel does not tell. */
	readonly policy?: 'accept' | 'drop' | undefined;
};

/** A table, as a notification names it. */
export type TableName = Pick<BaseChain, 'family' | 'table'>;

/** NFPROTO_*. */
const familyNames: ReadonlyMap<number, TableFamily> = new Map([
	[1, 'inet'],
	[2, 'ip'],
	[3, 'arp'],
	[5, 'netdev'],
	[7, 'bridge'],
	[10, 'ip6'],
]);

const hookNames = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress'] as const;
const deviceHookNames = ['ingress', 'egress'] as const;

/** NFTA_CHAIN_*, NFTA_HOOK_*. Numbers are in the network's byte order. */
const chainAttributes = {
	table: {id: 1, type: 'string'},
	name: {id: 3, type: 'string'},
	hook: {
		id: 4,
		type: 'nest',
		set: {
			number: {id: 1, type: 'binary'},
			device: {id: 3, type: 'string'},
			devices: {id: 4, type: 'binary'},
		},
	},
	policy: {id: 5, type: 'binary'},
} as const satisfies AttributeTable;

/** NFTA_TABLE_*. */
const tableAttributes = {
	name: {id: 1, type: 'string'},
	flags: {id: 2, type: 'binary'},
} as const satisfies AttributeTable;

/** NFNL_SUBSYS_NFTABLES. */
const subsystem = 10 << 8;
const getTable = subsystem | 1;
const getChain = subsystem | 4;
/** NFT_TABLE_F_DORMANT. */
const dormant = 1;
/** NF_DROP, NF_ACCEPT. */
const policies = ['drop', 'accept'] as const;
/** struct nfgenmsg. */
const headerLength = 4;
/** NFTA_DEVICE_NAME; later ones name devices by how they begin. */
const deviceName = 1;

/** All base chains of our network namespace, by one dump that reads no rule and no set. */
export async function readBaseChains(): Promise<BaseChain[]> {
	return await withConnection(netfilterProtocol, async connection => {
		const messages = await connection.request({
			type: getChain,
			dump: true,
			header: new Uint8Array(headerLength),
			attributes: new Uint8Array(),
			table: chainAttributes,
		});

		return messages.flatMap(message => parseBaseChain(message) ?? []);
	});
}

/** Whether a table's chains are not hooked, so that no packet meets them. */
export async function isDormant({family, table}: TableName): Promise<boolean> {
	return await withConnection(netfilterProtocol, async connection => {
		const messages = await connection.request({
			type: getTable,
			dump: true,
			header: new Uint8Array(headerLength),
			attributes: new Uint8Array(),
			table: tableAttributes,
		});

		return messages.some(({payload}) => {
			const {name, flags} = decode(tableAttributes, payload.subarray(headerLength));
			const isIt = name === table && familyNames.get(payload[0] ?? 0) === family;

			return isIt && ((numberOf(flags) ?? 0) & dormant) !== 0;
		});
	});
}

/** Undefined for a chain that others jump to. */
export function parseBaseChain({payload}: Message): BaseChain | undefined {
	const values = decode(chainAttributes, payload.subarray(headerLength));
	const {table = '', name = '', hook, policy} = values;
	const family = familyNames.get(payload[0] ?? 0);
	const number = numberOf(hook?.number);

	if (family === undefined || hook === undefined || number === undefined) {
		return undefined;
	}
	const names = family === 'netdev' ? deviceHookNames : hookNames;

	return {
		family,
		table,
		name,
		hook: names[number] ?? `hook ${number}`,
		devices: devicesOf(hook.devices),
		policy: policies[numberOf(policy) ?? -1],
	};
}

function numberOf(bytes: Uint8Array | undefined): number | undefined {
	return bytes && viewOf(bytes).getUint32(0);
}

function devicesOf(list: Uint8Array | undefined): string[] | undefined {
	if (list === undefined) {
		return undefined;
	}
	const members = [...attributesOf(list)];
	const names = members.map(({payload}) => Buffer.from(payload).toString().replace(/\0.*$/s, ''));

	return members.every(({id}) => id === deviceName) ? names : undefined;
}

/**
 * The table that a notification of nftables is about, of its rules, chains, sets and elements alike:
 * their attributes all begin with its name. Undefined for the end of a transaction.
 */
export function parseTableName({
	type,
	payload,
}: Message): (TableName & {readonly what: 'chains' | 'rules'}) | undefined {
	const family = familyNames.get(payload[0] ?? 0);
	const message = type & 0xff;

	if ((type & 0xff00) !== subsystem || message === newGeneration || family === undefined) {
		return undefined;
	}
	const {table} = decode({table: chainAttributes.table}, payload.subarray(headerLength));

	return table === undefined
		? undefined
		: {what: aboutChains.includes(message) ? 'chains' : 'rules', family, table};
}

/** NFT_MSG_NEWGEN. */
const newGeneration = 15;
/** NFT_MSG_NEWTABLE, _DELTABLE, _NEWCHAIN, _DELCHAIN, _DESTROYTABLE, _DESTROYCHAIN, and those of flow tables. */
const aboutChains: readonly number[] = [0, 2, 3, 5, 22, 24, 26, 27, 32];
