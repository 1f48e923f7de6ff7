// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';

/** Dom0's network devices as its kernel has them. */
export type Topology = {
	readonly interfaces: ReadonlyArray<{
		readonly ifindex: number;
		readonly name: string;
		readonly mac: string;
		readonly master?: number | undefined;
	}>;
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
};

/** The ports of each domain, by what the kernel says about the bridge, not what XenStore says. */
export function portsOf(
	domains: readonly Domain[],
	topology: Topology,
): Map<number, readonly Port[]> {
	const bridgeOf = bridgeFinder(topology);
	return new Map(
		domains.map(domain => [
			domain.domid,
			domain.domid === 0 ? hostPorts(topology) : vifPorts(domain, bridgeOf),
		]),
	);
}

type BridgeOf = (device: string) => string | undefined;

function bridgeFinder({interfaces, bridges}: Topology): BridgeOf {
	const byIndex = new Map<number | undefined, string>(
		interfaces.map(({ifindex, name}) => [ifindex, name]),
	);
	const masters = new Map(interfaces.map(({name, master}) => [name, master]));
	return device => {
		const bridge = byIndex.get(masters.get(device));
		return bridge !== undefined && bridges.has(bridge) ? bridge : undefined;
	};
}

function hostPorts({interfaces, bridges}: Topology): Port[] {
	return interfaces
		.filter(({name}) => bridges.has(name))
		.map(({name, mac}) => ({
			kind: 'host',
			name,
			mac,
			bridge: name,
			vif: name,
			rate: undefined,
		}));
}

function vifPorts({vifs}: Domain, bridgeOf: BridgeOf): Port[] {
	return vifs.flatMap(({handle, mac, device: name, connected, rate}) => {
		const bridge = bridgeOf(name);
		if (!connected || bridge === undefined) return [];
		return [{kind: 'vif' as const, name, mac, bridge, vif: String(handle), rate}];
	});
}
