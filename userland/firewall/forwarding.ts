// SPDX-License-Identifier: MIT
import type {Device} from '../kernel/devices.ts';
import type {ForwardingEntry} from '../kernel/forwarding.ts';
import type {BridgeState} from './bridge.ts';
import type {Obstacle, Port} from './types.ts';

/** The entries of all bridges, by Ethernet address. */
export type ForwardingTable = ReadonlyMap<string, readonly ForwardingEntry[]>;

/** An Ethernet address that frames are sent to, and the device that leads to it. */
export type Address = {readonly mac: string; readonly device: string};

/**
 * The entries of these addresses, or of all, without those that a bridge has learned where they belong, on ports that
 * are flooded: these come and go, and decide nothing.
 */
export function indexForwarding(
	entries: readonly ForwardingEntry[],
	addresses: readonly Address[] | undefined,
	devices: ReadonlyMap<string, Device>,
): ForwardingTable {
	const byMac = new Map<string, ForwardingEntry[]>();
	const owners = addresses && ownersOf(addresses, devices);
	const flooded = new Set(
		[...devices.values()].flatMap(({ifindex, port}) =>
			port?.floods === true ? [ifindex] : [],
		),
	);

	for (const entry of entries) {
		const owner = owners?.get(entry.mac);
		const isAtHome = entry.kind === 'learned' && entry.device === owner;

		if (
			(isAtHome && flooded.has(entry.device)) ||
			(owners !== undefined && owner === undefined)
		) {
			continue;
		}
		const list = byMac.get(entry.mac);

		if (list) {
			list.push(entry);
		} else {
			byMac.set(entry.mac, [entry]);
		}
	}

	return byMac;
}

/** The ifindex behind each address; 0 where several devices have it, or none that is here. */
function ownersOf(
	addresses: readonly Address[],
	devices: ReadonlyMap<string, Device>,
): ReadonlyMap<string, number> {
	const owners = new Map<string, number>();

	for (const {mac, device} of addresses) {
		const ifindex = devices.get(device)?.ifindex ?? 0;

		owners.set(mac, (owners.get(mac) ?? ifindex) === ifindex ? ifindex : 0);
	}

	return owners;
}

/**
 * Why frames from one port for the address of the other do not arrive there, by the bridge's forwarding table, as
 * br_handle_frame_finish() and br_dev_xmit() of Linux 6.1 to 6.18 look it up. An address without an entry is flooded to
 * all ports that take that. What proxy ARP and neighbour suppression answer is never unicast IP.
 */
export function unreachable(from: Port, to: Port, state: BridgeState): Obstacle | undefined {
	const locked = lockedOut(from, state);

	if (locked !== undefined) {
		return locked;
	}
	const entry = findEntry(from, to.mac, state);

	return to.kind === 'host'
		? unreachableHost(from, to, entry, state)
		: unreachableVif(from, to, entry, state);
}

/** A locked port lets in only what an entry of its own allows; a learned one there is of authentication that may end. */
function lockedOut(port: Port, state: BridgeState): Obstacle | undefined {
	const device = state.devices.get(port.name);

	if (port.kind === 'host' || device?.port?.locked !== true) {
		return undefined;
	}
	const entry = findEntry(port, port.mac, state);
	const isLetIn = entry?.kind === 'fixed' && entry.device === device.ifindex && !entry.isLocked;

	return isLetIn
		? undefined
		: {
				kind: 'isolated',
				text: `${port.name} is a locked port of ${port.bridge}, which has no lasting entry for ${port.mac} there: ${remedy(port)}`,
			};
}

/** Dom0 gets what has a local entry, whatever port that names. */
function unreachableHost(
	from: Port,
	to: Port,
	entry: ForwardingEntry | undefined,
	state: BridgeState,
): Obstacle | undefined {
	if (entry !== undefined) {
		return entry.kind === 'local' ? undefined : elsewhere(to, entry, state);
	}
	const bridge = state.devices.get(to.name);
	const hasInVlan0 =
		bridge?.bridge?.localInVlan0 === true &&
		entriesOf(to.mac, to, state).some(({kind, vlan}) => kind === 'local' && vlan === 0);

	return hasInVlan0 || bridge?.mac !== to.mac
		? undefined
		: refuse(
				`${to.bridge} has no entry for its own address ${to.mac}, so dom0 does not get what ${from.name} sends`,
			);
}

function unreachableVif(
	from: Port,
	to: Port,
	entry: ForwardingEntry | undefined,
	state: BridgeState,
): Obstacle | undefined {
	const device = state.devices.get(to.name);

	if (entry !== undefined && entry.device !== device?.ifindex) {
		return elsewhere(to, entry, state);
	}
	// Dom0's own frames leave by the port of a local entry; what comes from a port does not.
	if (entry?.kind === 'local' && from.kind === 'vif') {
		return elsewhere(to, entry, state);
	}
	/* A learned entry stays as long as the guest sends: while a channel takes its traffic, a frame every 2 s. */
	if (entry !== undefined || device?.port?.floods === true) {
		return undefined;
	}

	return refuse(
		`${to.name} takes no unknown unicast (flood off, or proxy ARP), and ${to.bridge} has no entry for ${to.mac} there: ${remedy(to)}`,
	);
}

function findEntry(from: Port, mac: string, state: BridgeState): ForwardingEntry | undefined {
	const filters = state.devices.get(from.bridge)?.bridge?.filtersVlans === true;
	const vlan = filters ? (state.vlans?.get(from.name)?.pvid ?? 0) : 0;

	return entriesOf(mac, from, state).find(entry => entry.vlan === vlan);
}

function entriesOf(mac: string, {bridge}: Port, state: BridgeState): ForwardingEntry[] {
	const ifindex = state.devices.get(bridge)?.ifindex;

	return (state.forwarding.get(mac) ?? []).filter(entry => entry.bridge === ifindex);
}

function elsewhere(to: Port, entry: ForwardingEntry, {devices}: BridgeState): Obstacle {
	const name = nameOf(entry.device, devices);
	const place = entry.kind === 'local' ? `dom0 itself, by a local entry on ${name}` : name;
	const how = {local: 'permanent', fixed: 'static', learned: 'learned'}[entry.kind];
	const vlan = entry.vlan === 0 ? '' : ` in VLAN ${entry.vlan}`;

	return refuse(
		`${to.bridge} sends frames for ${to.mac}${vlan} to ${place}, not to ${to.name}: \`bridge fdb show br ${to.bridge}\` has a ${how} entry`,
	);
}

function nameOf(ifindex: number, devices: ReadonlyMap<string, Device>): string {
	return (
		[...devices.values()].find(device => device.ifindex === ifindex)?.name ??
		`device ${ifindex}`
	);
}

function remedy({name, mac}: Port): string {
	return `\`bridge fdb replace ${mac} dev ${name} master static\` makes one`;
}

function refuse(text: string): Obstacle {
	return {kind: 'bridge', text};
}
