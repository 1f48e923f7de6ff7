// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import {isConnected, type Vif} from '../../xenstore/vifs.ts';
import {hasLinkState} from '../../xenstore/features.ts';

type Interface = {
	readonly ifindex: number;
	readonly name: string;
	readonly mac: string;
	readonly mtu: number;
	readonly master?: number | undefined;
};

/** Dom0's network devices as its kernel has them. */
export type Topology = {
	readonly interfaces: readonly Interface[];
	/** The names of those that are Linux bridges; ports of other switches are left alone. */
	readonly bridges: ReadonlySet<string>;
};

/** Where a domain touches a bridge of dom0. */
export type Port = {
	readonly kind: 'vif' | 'host';
	/** The device in dom0: the vif's netback end, or the bridge itself for dom0. */
	readonly name: string;
	readonly mac: string;
	readonly bridge: string;
	/** How the domain itself calls it: a vif number, or the bridge's name in dom0. */
	readonly vif: string;
	readonly rate: string | undefined;
	/** Longest IP packet that passes here: the smaller of the device's and the bridge's. */
	readonly mtu: number;
};

/** The ports of each domain, by what the kernel says about the bridge, not what XenStore says. */
export function portsOf(
	domains: readonly Domain[],
	topology: Topology,
): Map<number, readonly Port[]> {
	const bridgeOf = bridgeFinder(topology);
	const mtus = new Map(topology.interfaces.map(({name, mtu}) => [name, mtu]));

	return new Map(
		domains.map(domain => [
			domain.domid,
			domain.domid === 0 ? hostPorts(topology) : vifPorts(domain, mtus, bridgeOf),
		]),
	);
}

/** What a vif's netback end is on, in words; for one that is no port of a Linux bridge. */
export function whereabouts(vif: Vif, domain: Domain, topology: Topology): string {
	const {device, state} = vif;
	if (!isConnected(vif)) {
		return `${device} is not connected (netback's state is ${state ?? 'not there'})`;
	}
	if (isPassedBy(vif, domain)) {
		return `${device} serves a native XDP program, which a channel would pass by`;
	}
	const own = topology.interfaces.find(({name}) => name === device);
	if (own === undefined) return `${device} is not among dom0's interfaces`;
	if (own.master === undefined) return `${device} is on no bridge: routed, or taken off`;
	const master = topology.interfaces.find(({ifindex}) => ifindex === own.master)?.name;
	if (master === undefined) return `${device} has a master that dom0 does not list`;
	if (master === ovsMaster) return `${device} is a port of Open vSwitch`;
	const isBridge = topology.bridges.has(master);
	return `${device} is on ${master}${isBridge ? '' : ', which is no Linux bridge'}`;
}

/** The master of every port of Open vSwitch's kernel datapath. */
const ovsMaster = 'ovs-system';

/** An endpoint of before `linkState` would have a channel pass its program by. */
function isPassedBy({hasXdp}: Vif, {hello}: Domain): boolean {
	return hasXdp && !hasLinkState(hello);
}

type BridgeOf = (device: string) => Interface | undefined;

function bridgeFinder({interfaces, bridges}: Topology): BridgeOf {
	const byIndex = new Map<number | undefined, Interface>(
		interfaces.map(each => [each.ifindex, each]),
	);
	const masters = new Map(interfaces.map(({name, master}) => [name, master]));
	return device => {
		const bridge = byIndex.get(masters.get(device));
		return bridge !== undefined && bridges.has(bridge.name) ? bridge : undefined;
	};
}

function hostPorts({interfaces, bridges}: Topology): Port[] {
	return interfaces
		.filter(({name}) => bridges.has(name))
		.map(({name, mac, mtu}) => ({
			...({kind: 'host', name, mac} as const),
			...{bridge: name, vif: name, rate: undefined, mtu},
		}));
}

function vifPorts(domain: Domain, mtus: ReadonlyMap<string, number>, bridgeOf: BridgeOf): Port[] {
	return domain.vifs.flatMap(vif => {
		const {handle, mac, device: name, rate} = vif;
		const bridge = bridgeOf(name);
		if (!isConnected(vif) || isPassedBy(vif, domain) || bridge === undefined) return [];
		const mtu = Math.min(mtus.get(name) ?? bridge.mtu, bridge.mtu);
		return [{kind: 'vif', name, mac, bridge: bridge.name, vif: String(handle), rate, mtu}];
	});
}
