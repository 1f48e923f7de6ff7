// SPDX-License-Identifier: MIT
import type {Link, PortVlans} from './links.ts';
import type {Port, Obstacle} from './types.ts';

export type BridgeState = {
	readonly links: ReadonlyMap<string, Link>;
	readonly vlans: ReadonlyMap<string, PortVlans>;
};

/** Why dom0's bridge itself would not carry frames between the two ports, both ways; undefined if it would. */
export function separatedByBridge(a: Port, b: Port, state: BridgeState): Obstacle | undefined {
	if (a.bridge !== b.bridge)
		return {kind: 'bridge', text: `${a.name} is on ${a.bridge}, ${b.name} is on ${b.bridge}`};

	return (
		portRefusal(a, state) ??
		portRefusal(b, state) ??
		separatedByIsolation(a, b, state) ??
		separatedByVlan(a, b, state)
	);
}

function portRefusal({kind, name, bridge}: Port, {links}: BridgeState): Obstacle | undefined {
	if (kind === 'host')
		return links.get(name)?.bridge
			? undefined
			: {kind: 'bridge', text: `${name} is no Linux bridge`};
	const port = links.get(name)?.port;

	if (port?.bridge !== bridge)
		return {kind: 'bridge', text: `${name} is not a port of ${bridge}`};
	if (port.state !== 'forwarding')
		return {
			kind: 'bridge',
			text: `${name} is not forwarding on ${bridge}, it is ${port.state}`,
		};
	if (port.locked) return {kind: 'isolated', text: `${name} is a locked port of ${bridge}`};

	return undefined;
}

/** Isolated ports talk to the others only; the bridge device is none of them. */
function separatedByIsolation(a: Port, b: Port, {links}: BridgeState): Obstacle | undefined {
	const isIsolated = ({kind, name}: Port) =>
		kind === 'vif' && links.get(name)?.port?.isolated === true;

	return isIsolated(a) && isIsolated(b)
		? {kind: 'isolated', text: `${a.name} and ${b.name} are isolated ports of ${a.bridge}`}
		: undefined;
}

/** The domains send and expect untagged frames: a tag, or another VLAN, on either way keeps them apart. */
function separatedByVlan(a: Port, b: Port, {links, vlans}: BridgeState): Obstacle | undefined {
	if (links.get(a.bridge)?.bridge?.filtersVlans !== true) return undefined;
	const reaches = (from: Port, to: Port) => {
		const {pvid} = vlans.get(from.name) ?? {};
		return pvid !== undefined && vlans.get(to.name)?.untagged.has(pvid) === true;
	};
	if (reaches(a, b) && reaches(b, a)) return undefined;
	const describe = ({name}: Port) => `${name} (${vlans.get(name)?.pvid ?? 'none'})`;

	return {
		kind: 'vlan',
		text: `${a.bridge} keeps ${describe(a)} and ${describe(b)} in different VLANs`,
	};
}
