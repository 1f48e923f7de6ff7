// SPDX-License-Identifier: MIT
import {type AttributeTable, viewOf} from './attributes.ts';
import {decode, encode} from './codec.ts';
import {netfilterProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';
import type {Connection} from './netlink.ts';
import {errnoOf} from './errors.ts';

/** A function that netfilter calls for packets. */
export type Hook = {
	readonly family: HookFamily;
	/** As nft calls the place: `forward`. */
	readonly place: string;
	/** Of the family netdev. */
	readonly device: string | undefined;
	/** Undefined where the kernel has no names (CONFIG_KALLSYMS). */
	readonly name: string | undefined;
	/** Undefined where it is built in. */
	readonly module: string | undefined;
	/** The number of the BPF program that it runs. */
	readonly program: number | undefined;
	/** A base chain of nftables. */
	readonly isChain: boolean;
};

type HookFamily = 'bridge' | 'ip' | 'ip6' | 'netdev';

/** NFPROTO_*. */
const familyNumbers: Readonly<Record<HookFamily, number>> = {ip: 2, netdev: 5, bridge: 7, ip6: 10};

/** NF_BR_*, NF_INET_*: the same numbers. */
const bridgePlaces = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;
/** NF_NETDEV_*. */
const devicePlaces = ['ingress', 'egress'] as const;

/** NFNLA_HOOK_*; numbers are in the network's byte order. */
const hookAttributes = {
	place: {id: 1, type: 'binary'},
	device: {id: 3, type: 'string'},
	name: {id: 4, type: 'string'},
	module: {id: 5, type: 'string'},
	chain: {
		id: 6,
		type: 'nest',
		set: {
			description: {id: 1, type: 'nest', set: {program: {id: 1, type: 'binary'}}},
			type: {id: 2, type: 'binary'},
		},
	},
} as const satisfies AttributeTable;

/** NFNL_SUBSYS_HOOK, NFNL_MSG_HOOK_GET. */
const getHooks = 12 << 8;
/** struct nfgenmsg. */
const headerLength = 4;
/** NFNL_HOOK_TYPE_*. */
const chainTypes = {nftables: 1, bpf: 2} as const;

/**
 * What is hooked where bridged frames pass, of the bridge and, with br_netfilter, of IP. Undefined where
 * the kernel does not tell (before Linux 5.14, or without CONFIG_NETFILTER_NETLINK_HOOK).
 */
export async function readHooks(): Promise<Hook[] | undefined> {
	return await ifSupported(async connection => {
		const found: Hook[] = [];

		for (const place of bridgePlaces) {
			found.push(...(await readPlace(connection, 'bridge', place)));
		}
		for (const family of ['ip', 'ip6'] as const) {
			for (const place of ['prerouting', 'forward', 'postrouting'] as const) {
				found.push(...(await readPlace(connection, family, place)));
			}
		}

		return found;
	});
}

/** What is hooked to devices. One that has gone has none. */
export async function readDeviceHooks(devices: readonly string[]): Promise<Hook[] | undefined> {
	return await ifSupported(async connection => {
		const found: Hook[] = [];

		for (const device of devices) {
			for (const place of devicePlaces) {
				found.push(...(await readPlace(connection, 'netdev', place, device)));
			}
		}

		return found;
	});
}

/** A kernel that has no such subsystem answers EINVAL, and some have a family or place less. */
async function ifSupported(
	read: (connection: Connection) => Promise<Hook[]>,
): Promise<Hook[] | undefined> {
	try {
		return await withConnection(netfilterProtocol, read);
	} catch (error) {
		if (errnoOf(error) === 'EINVAL') {
			return undefined;
		}
		throw error;
	}
}

async function readPlace(
	connection: Connection,
	family: HookFamily,
	place: string,
	device?: string,
): Promise<Hook[]> {
	const number = (family === 'netdev' ? devicePlaces : bridgePlaces).findIndex(
		name => name === place,
	);

	try {
		const messages = await connection.request({
			type: getHooks,
			dump: true,
			header: new Uint8Array([familyNumbers[family], 0, 0, 0]),
			attributes: encode(hookAttributes, {
				place: new Uint8Array([0, 0, 0, number]),
				device,
			}),
			table: hookAttributes,
		});

		return messages.map(message => parseHook(message, {family, place, device}));
	} catch (error) {
		if (['ENOTSUP', 'EPROTONOSUPPORT', 'ENODEV'].includes(errnoOf(error) ?? '')) {
			return [];
		}
		throw error;
	}
}

export function parseHook(
	{payload}: Message,
	where: Pick<Hook, 'family' | 'place' | 'device'>,
): Hook {
	const {name, module, chain} = decode(hookAttributes, payload.subarray(headerLength));
	const type = chain?.type === undefined ? undefined : bigEndian(chain.type);
	const program = chain?.description?.program;

	return {
		...where,
		name,
		module,
		program: type === chainTypes.bpf && program !== undefined ? bigEndian(program) : undefined,
		isChain: type === chainTypes.nftables,
	};
}

function bigEndian(bytes: Uint8Array): number {
	return bytes.length === 4 ? viewOf(bytes).getUint32(0) : 0;
}
