// SPDX-License-Identifier: MIT
import type {Device} from '../kernel/devices.ts';
import type {PortVlans} from '../kernel/vlans.ts';
import {unreachable, type ForwardingTable} from './forwarding.ts';
import type {Obstacle, Port} from './types.ts';

/** What dom0's kernel has of its bridges. */
export type BridgeState = {
	/** By name. */
	readonly devices: ReadonlyMap<string, Device>;
	/** By name; undefined where the kernel does not tell. */
	readonly vlans: ReadonlyMap<string, PortVlans> | undefined;
	readonly forwarding: ForwardingTable;
};

/** Why dom0's bridge itself would not carry frames between the two ports, both ways; undefined if it would. */
export function separatedByBridge(a: Port, b: Port, state: BridgeState): Obstacle | undefined {
	if (a.bridge !== b.bridge) {
		return {kind: 'bridge', text: `${a.name} is on ${a.bridge}, ${b.name} is on ${b.bridge}`};
	}

	return (
		portObstacle(a, state) ??
		portObstacle(b, state) ??
		separatedByIsolation(a, b, state) ??
		separatedByVlan(a, b, state) ??
		unreachable(a, b, state) ??
		unreachable(b, a, state)
	);
}

function portObstacle({kind, name, bridge}: Port, {devices}: BridgeState): Obstacle | undefined {
	const device = devices.get(name);
	const refuse = (text: string): Obstacle => ({kind: 'bridge', text});

	if (kind === 'host') {
		return device?.bridge ? undefined : refuse(`${name} is no Linux bridge`);
	}
	const port = device?.port;

	if (!port || device?.master !== devices.get(bridge)?.ifindex) {
		return refuse(`${name} is not a port of ${bridge}`);
	}
	if (port.state !== 'forwarding') {
		return refuse(`${name} is not forwarding on ${bridge}, it is ${port.state}`);
	}
	if (port.tunnels) {
		return refuse(`${name} translates VLANs to tunnels on ${bridge} (vlan_tunnel)`);
	}
	if (port.unknown.length > 0) {
		const numbers = port.unknown.map(number => `IFLA_BRPORT ${number}`).join(', ');

		return refuse(`${name} has settings that this version does not know: ${numbers}`);
	}

	return undefined;
}

/** Isolated ports talk to the others only; the bridge device is none of them. */
function separatedByIsolation(a: Port, b: Port, {devices}: BridgeState): Obstacle | undefined {
	const isIsolated = ({kind, name}: Port) =>
		kind === 'vif' && devices.get(name)?.port?.isolated === true;

	return isIsolated(a) && isIsolated(b)
		? {kind: 'isolated', text: `${a.name} and ${b.name} are isolated ports of ${a.bridge}`}
		: undefined;
}

/** The domains send and expect untagged frames: a tag, or another VLAN, on either way keeps them apart. */
function separatedByVlan(a: Port, b: Port, state: BridgeState): Obstacle | undefined {
	const {devices, vlans} = state;
	const refuse = (text: string): Obstacle => ({kind: 'vlan', text});

	if (devices.get(a.bridge)?.bridge?.filtersVlans !== true) {
		return undefined;
	}
	if (vlans === undefined) {
		return refuse(`${a.bridge} filters VLANs, and dom0's kernel does not tell which`);
	}
	const describe = ({name}: Port) => `${name} (${vlans.get(name)?.pvid ?? 'none'})`;
	const reaches = (from: Port, to: Port) => {
		const {pvid} = vlans.get(from.name) ?? {};

		return pvid !== undefined && vlans.get(to.name)?.untagged.has(pvid) === true;
	};

	if (!reaches(a, b) || !reaches(b, a)) {
		return refuse(`${a.bridge} keeps ${describe(a)} and ${describe(b)} in different VLANs`);
	}

	return stoppedVlan(a, b, vlans) ?? stoppedVlan(b, a, vlans);
}

/** Frames enter by the first port's VLAN and leave by the same of the other; each may be stopped there. */
function stoppedVlan(
	from: Port,
	to: Port,
	vlans: ReadonlyMap<string, PortVlans>,
): Obstacle | undefined {
	const vlan = vlans.get(from.name)?.pvid ?? 0;

	for (const {name, bridge} of [from, to]) {
		const state = vlans.get(name)?.stopped.get(vlan);

		if (state !== undefined) {
			return {
				kind: 'vlan',
				text: `VLAN ${vlan} of ${name} is not forwarding on ${bridge}, it is ${state}`,
			};
		}
	}

	return undefined;
}
