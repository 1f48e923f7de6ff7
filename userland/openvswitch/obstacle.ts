// SPDX-License-Identifier: MIT
import {rangesOf} from '../ip-range.ts';
import type {Prefix} from '../prefixes.ts';
import {localPort, type OvsBridge, type OvsPort, type OvsState, type Switching} from './types.ts';
import {untaggedBy} from './vlan.ts';
import {flowThatDecides} from './walk.ts';

/**
 * One end: the device in dom0, the Ethernet address that the domain's frames carry, and where packets come from that the
 * other end of a channel takes, of both versions of IP; undefined: from anywhere.
 */
export type End = {
	readonly name: string;
	readonly mac: string;
	readonly sources?: readonly Prefix[] | undefined;
};

/**
 * Why Open vSwitch does anything else with frames between two of its ports than to forward them, as a
 * sentence; undefined where that is all. Only unicast IPv4 and IPv6 count, since nothing else is
 * diverted. What is not understood is a reason too.
 */
export function obstacleBetween(a: End, b: End, ovs: OvsState): string | undefined {
	if (ovs.problem !== undefined) {
		return ovs.problem;
	}
	const [portA, portB] = [ovs.ports.get(a.name), ovs.ports.get(b.name)];
	if (portA === undefined || portB === undefined) {
		return `${(portA === undefined ? a : b).name} is not a port of Open vSwitch`;
	}
	const bridge = ovs.bridges.get(portA.bridge);
	if (bridge === undefined || portA.bridge !== portB.bridge) {
		return `${a.name} is on ${portA.bridge}, ${b.name} is on ${portB.bridge}`;
	}

	return (
		portObstacle(portA) ??
		portObstacle(portB) ??
		pairObstacle(portA, portB) ??
		watchObstacle([portA, portB], bridge) ??
		switchingObstacle([portA, a], [portB, b], bridge)
	);
}

function portObstacle(port: OvsPort): string | undefined {
	const {device} = port;
	const reasons: ReadonlyArray<readonly [boolean, string]> = [
		[port.error !== undefined, `Open vSwitch says of ${device}: ${port.error ?? ''}`],
		[port.number === undefined, `Open vSwitch has not attached ${device} yet`],
		[port.isBond, `${device} is one of several interfaces of an Open vSwitch port`],
		[!['system', 'internal'].includes(port.type), `${device} is of type ${port.type}`],
		[port.isDown, `${device} is down`],
		[port.lacp !== undefined, `${device} speaks LACP (${port.lacp ?? ''})`],
		[port.isPoliced, `${device} has an ingress policing rate, which would be bypassed`],
		[
			port.qos !== undefined,
			`${device} has a QoS (${port.qos ?? ''}), which would be bypassed`,
		],
		[
			!['forwarding', undefined].includes(port.treeState?.toLowerCase()),
			`${device} is not forwarding in the spanning tree, it is ${port.treeState ?? ''}`,
		],
	];

	return reasons.find(([applies]) => applies)?.[1];
}

function pairObstacle(a: OvsPort, b: OvsPort): string | undefined {
	if (a.isProtected && b.isProtected) {
		return `${a.device} and ${b.device} are protected ports of ${a.bridge}`;
	}
	const [one, other] = [untaggedBy(a.vlans), untaggedBy(b.vlans)];
	const isShared =
		one.enters !== undefined &&
		one.enters === other.enters &&
		one.leaves(one.enters) &&
		other.leaves(one.enters);
	const describe = ({device, vlans}: OvsPort) =>
		`${device} (${vlans.mode ?? 'unknown'}, VLAN ${untaggedBy(vlans).enters ?? 'none'})`;

	return isShared
		? undefined
		: `${a.bridge} does not carry frames without a tag between ${describe(a)} and ${describe(b)}`;
}

/** Somebody looks at what passes here, and would not see what a channel carries. */
function watchObstacle(ports: readonly OvsPort[], bridge: OvsBridge): string | undefined {
	const {name, samplers, mirrors, floodVlans} = bridge;
	const vlans = ports.flatMap(port => untaggedBy(port.vlans).enters ?? []);
	const ids = ports.map(({id}) => id);
	const mirror = mirrors.find(
		each =>
			(each.outputPort !== undefined && ids.includes(each.outputPort)) ||
			((each.selectsAll ||
				each.selectsPorts.length === 0 ||
				each.selectsPorts.some(id => ids.includes(id))) &&
				(each.selectsVlans.length === 0 ||
					each.selectsVlans.some(vlan => vlans.includes(vlan)))),
	);

	if (samplers.length > 0) {
		return `${name} reports what passes (${samplers.join(', ')}), which would be bypassed`;
	}
	if (mirror) {
		return `mirror ${mirror.name} of ${name} takes what passes here, and would be bypassed`;
	}

	const flooded = floodVlans.find(vlan => vlans.includes(vlan));

	return flooded === undefined
		? undefined
		: `${name} floods VLAN ${flooded} (flood_vlans), for somebody who would be bypassed`;
}

type Side = readonly [port: OvsPort, end: End];

function switchingObstacle(a: Side, b: Side, {name, switching}: OvsBridge): string | undefined {
	if (typeof switching === 'string') {
		return switching;
	}
	if (!['normal', 'nx-match'].includes(switching.fragments)) {
		return `${name} does not forward all IP fragments (set-frags ${switching.fragments})`;
	}

	return (
		[a, b]
			.map(side => settingObstacle(side, switching, name))
			.find(text => text !== undefined) ??
		flowObstacle(a, b, switching, name) ??
		flowObstacle(b, a, switching, name)
	);
}

function settingObstacle(
	[port, {mac}]: Side,
	{forbids, staticEntries}: Switching,
	bridge: string,
): string | undefined {
	const words = forbids.get(port.number ?? -1) ?? [];
	const {enters} = untaggedBy(port.vlans);
	const entry = staticEntries.find(
		each => each.mac === mac && each.vlan === enters && each.port !== nameOf(port),
	);

	if (words.length > 0) {
		return `OpenFlow has set ${words.join(', ')} for ${port.device}`;
	}

	return entry && `${bridge} has ${mac} of ${port.device} bound to another port (${entry.port})`;
}

/** As `ovs-appctl fdb/show` calls it. */
function nameOf({number}: OvsPort): string {
	return number === localPort ? 'LOCAL' : String(number);
}

function flowObstacle(
	[from, {mac: source, sources}]: Side,
	[to, {mac: destination}]: Side,
	{flows}: Switching,
	bridge: string,
): string | undefined {
	for (const protocol of ['ip', 'ip6'] as const) {
		for (const range of rangesOf(sources, protocol)) {
			const frames = {inPort: from.number ?? -1, source, destination, protocol, from: range};
			const found = flowThatDecides(flows, frames);
			if (found === 'none') {
				return `${bridge} has no flow for all that ${from.device} sends to ${to.device}`;
			}
			if (found !== undefined) {
				return `a flow of ${bridge} would be bypassed: ${found.text}`;
			}
		}
	}

	return undefined;
}
