// SPDX-License-Identifier: MIT
import type {Limits} from '../../limits.ts';
import type {Domain} from '../../xenstore/discover.ts';
import {isConnected, type Vif} from '../../xenstore/vifs.ts';
import {hasLinkState} from '../../xenstore/features.ts';
import {limitsOfVif, type VifLimits} from './vif-limits.ts';

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
	/** The names of those that are Linux bridges; ports of switches that nobody knows are left alone. */
	readonly bridges: ReadonlySet<string>;
	/** The bridge of each device that Open vSwitch has; a bridge's own device has its name. */
	readonly ovsBridges?: ReadonlyMap<string, string>;
};

/** Where a domain touches a bridge of dom0. */
export type Port = {
	readonly kind: 'vif' | 'host';
	/** The device in dom0: the vif's netback end, or the bridge itself for dom0. */
	readonly name: string;
	readonly mac: string;
	readonly bridge: string;
	/** The bridge is one of Open vSwitch. */
	readonly isOvs?: true;
	/** How the domain itself calls it: a vif number, or the bridge's name in dom0. */
	readonly vif: string;
	/** Longest IP packet that passes here: the smaller of the device's and a Linux bridge's. */
	readonly mtu: number;
	/** What dom0 lets the vif send; undefined: anything. */
	readonly limited?: VifLimits | undefined;
	/** Where packets come from that the other end of a channel takes; undefined: from anywhere. */
	readonly sources?: Limits['addresses'];
};

/**
 * The ports of a domain, by what the kernel says about the bridge, not what XenStore says. Asked again for the
 * same domain object, it answers the same list.
 */
export function portFinder(topology: Topology): (domain: Domain) => readonly Port[] {
	const placeOf = placeFinder(topology);
	const known = new WeakMap<Domain, readonly Port[]>();

	return domain => {
		const ports =
			known.get(domain) ??
			(domain.domid === 0 ? hostPorts(topology) : vifPorts(domain, placeOf));
		known.set(domain, ports);

		return ports;
	};
}

/** What a vif's netback end is on, in words; for one that shares no bridge with another. */
export function whereabouts(vif: Vif, domain: Domain, topology: Topology): string {
	const {device, state} = vif;
	if (!isConnected(vif)) {
		return `${device} is not connected (netback's state is ${state ?? 'not there'})`;
	}
	if (isPassedBy(vif, domain)) {
		return `${device} serves a native XDP program, which a channel would pass by`;
	}
	const own = topology.interfaces.find(({name}) => name === device);
	if (own === undefined) {
		return `${device} is not among dom0's interfaces`;
	}
	const master = topology.interfaces.find(({ifindex}) => ifindex === own.master)?.name;
	const ovsBridge = ovsBridgeOf(own, master, topology);
	if (ovsBridge !== undefined) {
		return `${device} is on ${ovsBridge} of Open vSwitch`;
	}
	if (own.master === undefined) {
		return `${device} is on no bridge: routed, or taken off`;
	}
	if (master === undefined) {
		return `${device} has a master that dom0 does not list`;
	}
	if (master === ovsMaster) {
		return `${device} is a port of Open vSwitch, whose database does not list it or cannot be read`;
	}
	const isBridge = topology.bridges.has(master);

	return `${device} is on ${master}${isBridge ? '' : ', which is no Linux bridge'}`;
}

/** The master of every port of Open vSwitch's kernel datapath; ports of the other have none. */
const ovsMaster = 'ovs-system';

function ovsBridgeOf(
	{name, master}: Interface,
	masterName: string | undefined,
	{ovsBridges}: Topology,
): string | undefined {
	return master === undefined || masterName === ovsMaster ? ovsBridges?.get(name) : undefined;
}

/** An endpoint of before `linkState` would have a channel pass its program by. */
function isPassedBy({hasXdp}: Vif, {hello}: Domain): boolean {
	return hasXdp && !hasLinkState(hello);
}

type Place = Pick<Port, 'bridge' | 'mtu' | 'isOvs'>;
type PlaceOf = (device: string) => Place | undefined;

/** Where a device is a port. Open vSwitch asks only for the MTU of the device by which a frame leaves. */
function placeFinder(topology: Topology): PlaceOf {
	const {interfaces, bridges} = topology;
	const byIndex = new Map<number | undefined, Interface>(
		interfaces.map(each => [each.ifindex, each]),
	);
	const byName = new Map(interfaces.map(each => [each.name, each]));

	return device => {
		const own = byName.get(device);
		if (own === undefined) {
			return undefined;
		}
		const master = byIndex.get(own.master);
		const ovsBridge = ovsBridgeOf(own, master?.name, topology);
		if (ovsBridge !== undefined) {
			return {bridge: ovsBridge, mtu: own.mtu, isOvs: true};
		}

		return master && bridges.has(master.name)
			? {bridge: master.name, mtu: Math.min(own.mtu, master.mtu)}
			: undefined;
	};
}

function hostPorts({interfaces, bridges, ovsBridges}: Topology): Port[] {
	return interfaces.flatMap(({name, mac, mtu}) => {
		const isOvs = ovsBridges?.get(name) === name;
		const port = {kind: 'host', name, mac, bridge: name, vif: name, mtu} as const;

		return isOvs ? [{...port, isOvs}] : bridges.has(name) ? [port] : [];
	});
}

function vifPorts(domain: Domain, placeOf: PlaceOf): Port[] {
	return domain.vifs.flatMap(vif => {
		const {handle, mac, device: name} = vif;
		const place = placeOf(name);
		if (!isConnected(vif) || isPassedBy(vif, domain) || place === undefined) {
			return [];
		}

		const limited = limitsOfVif(vif);

		return [
			{
				...({kind: 'vif', name, mac, vif: String(handle), ...place} as const),
				...(limited && {limited}),
			},
		];
	});
}
