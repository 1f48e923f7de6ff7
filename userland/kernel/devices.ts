// SPDX-License-Identifier: MIT
import {type AttributeTable, attributesOf, littleEndian, viewOf} from './attributes.ts';
import {decode, encode} from './codec.ts';
import {routeProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';
import {macText} from './parse.ts';

/** A network device, as far as it matters for what passes a bridge. */
export type Device = {
	readonly ifindex: number;
	readonly name: string;
	/** Undefined where its addresses are not Ethernet's. */
	readonly mac: string | undefined;
	/** Longest IP packet, in bytes. */
	readonly mtu: number;
	/** How many packets its queues keep that have no limit of their own (`txqueuelen`). */
	readonly queueLength?: number | undefined;
	/** The bridge, bond, VRF ... that it belongs to. */
	readonly master: number | undefined;
	/** An XDP program, in whatever mode. */
	readonly hasXdp: boolean;
	/** Where it is a port of a bridge. */
	readonly port: PortSettings | undefined;
	/** Where it is a bridge. */
	readonly bridge: BridgeSettings | undefined;
};

export type PortSettings = {
	/** Of the spanning tree; `forwarding` where all is well. */
	readonly state: string;
	readonly isolated: boolean;
	/** Takes only frames from addresses that the forwarding table has on this port. */
	readonly locked: boolean;
	/** Gets unicast frames for addresses that the forwarding table has not. */
	readonly floods: boolean;
	/** Translates VLANs to tunnels. */
	readonly tunnels: boolean;
	/** The numbers of switches (IFLA_BRPORT_*) that are on and newer than this list. */
	readonly unknown: readonly number[];
};

export type BridgeSettings = {
	readonly filtersVlans: boolean;
	readonly callsIptables: boolean;
	readonly callsIp6tables: boolean;
	/** In every VLAN an address of its own counts if VLAN 0 has it (Linux 6.18). */
	readonly localInVlan0: boolean;
};

/** What linkinfo holds depends on the kind, which is known only once that is read. */
const linkAttributes = {
	address: {id: 1, type: 'binary'},
	name: {id: 3, type: 'string'},
	mtu: {id: 4, type: 'u32'},
	master: {id: 10, type: 'u32'},
	queueLength: {id: 13, type: 'u32'},
	info: {
		id: 18,
		type: 'nest',
		set: {
			kind: {id: 1, type: 'string'},
			data: {id: 2, type: 'binary'},
			portKind: {id: 4, type: 'string'},
			portData: {id: 5, type: 'binary'},
		},
	},
	extended: {id: 29, type: 'u32'},
	xdp: {id: 43, type: 'nest', set: {attached: {id: 2, type: 'u8'}}},
} as const satisfies AttributeTable;

/** IFLA_BR_*. */
const bridgeAttributes = {
	vlanFiltering: {id: 7, type: 'u8'},
	callIptables: {id: 36, type: 'u8'},
	callIp6tables: {id: 37, type: 'u8'},
	/** struct br_boolopt_multi: the bits, and which of them the kernel knows. */
	options: {id: 46, type: 'binary'},
} as const satisfies AttributeTable;

/** IFLA_BRPORT_*. Learning is none of them: what it leaves undone shows in the forwarding table. */
const portAttributes = {
	state: {id: 1, type: 'u8'},
	unicastFlood: {id: 9, type: 'u8'},
	proxyArp: {id: 10, type: 'u8'},
	vlanTunnel: {id: 29, type: 'u8'},
	isolated: {id: 33, type: 'u8'},
	locked: {id: 39, type: 'u8'},
} as const satisfies AttributeTable;

/** IFLA_BRPORT_BACKUP_NHID: all up to here were read, and either are above or do nothing to unicast IP. */
const lastKnownSetting = 44;

/** BR_STATE_*. */
const states = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'] as const;

/** BR_BOOLOPT_FDB_LOCAL_VLAN_0. */
const localVlan0 = 1 << 4;

const getLink = 18;
const skipStatistics = 8;
/** struct ifinfomsg, and ARPHRD_ETHER in it. */
const infoLength = 16;
const ethernet = 1;

/** All devices of our network namespace, by one dump. */
export async function readDevices(): Promise<Device[]> {
	return await withConnection(routeProtocol, async connection => {
		const messages = await connection.request({
			type: getLink,
			dump: true,
			header: new Uint8Array(infoLength),
			attributes: encode(linkAttributes, {extended: skipStatistics}),
			table: linkAttributes,
		});

		return messages.map(parseDevice);
	});
}

export function parseDevice({payload}: Message): Device {
	const view = viewOf(payload);
	const {address, name, mtu, master, queueLength, info, xdp} = decode(
		linkAttributes,
		payload.subarray(infoLength),
	);
	const isEthernet = view.getUint16(2, littleEndian) === ethernet && address !== undefined;

	return {
		ifindex: view.getInt32(4, littleEndian),
		name: name ?? '',
		mac: isEthernet ? macText(address) : undefined,
		mtu: mtu ?? 0,
		queueLength,
		master,
		hasXdp: (xdp?.attached ?? 0) !== 0,
		port: info?.portKind === 'bridge' ? parsePort(info.portData) : undefined,
		bridge: info?.kind === 'bridge' ? parseBridge(info.data) : undefined,
	};
}

/** What an old kernel does not tell it does not do, or, of flooding, always does. */
function parsePort(data: Uint8Array = new Uint8Array()): PortSettings {
	const values = decode(portAttributes, data);
	const {state = -1, isolated, locked, unicastFlood = 1, proxyArp, vlanTunnel} = values;

	return {
		state: states[state] ?? `in state ${state}`,
		isolated: isOn(isolated),
		locked: isOn(locked),
		// br_flood() leaves out ports with proxy ARP.
		floods: isOn(unicastFlood) && !isOn(proxyArp),
		tunnels: isOn(vlanTunnel),
		unknown: unknownSwitches(data),
	};
}

/** Whatever a kernel may have added: where it is one byte and not 0, it is a switch that is on. */
function unknownSwitches(data: Uint8Array): number[] {
	return [...attributesOf(data)].flatMap(({id, payload}) =>
		id > lastKnownSetting && payload.length === 1 && payload[0] !== 0 ? [id] : [],
	);
}

function parseBridge(data: Uint8Array = new Uint8Array()): BridgeSettings {
	const values = decode(bridgeAttributes, data);
	const {vlanFiltering, callIptables, callIp6tables, options = new Uint8Array(4)} = values;

	return {
		filtersVlans: isOn(vlanFiltering),
		callsIptables: isOn(callIptables),
		callsIp6tables: isOn(callIp6tables),
		localInVlan0: (viewOf(options).getUint32(0, littleEndian) & localVlan0) !== 0,
	};
}

function isOn(value: number | undefined): boolean {
	return value !== undefined && value !== 0;
}
