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

/** The ports of a domain, by what the kernel says about the bridge, not what XenStore says. */
export function portsOf(domain: Domain, topology: Topology): Port[] {
	return domain.domid === 0 ? hostPorts(topology) : vifPorts(domain, topology);
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

function vifPorts(domain: Domain, {interfaces, bridges}: Topology): Port[] {
	const byIndex = new Map(interfaces.map(device => [device.ifindex, device.name]));
	const byName = new Map(interfaces.map(device => [device.name, device]));
	return domain.vifs.flatMap(vif => {
		const master = byName.get(vif.device)?.master;
		const bridge = master === undefined ? undefined : byIndex.get(master);
		if (!vif.connected || bridge === undefined || !bridges.has(bridge)) return [];
		const {mac, device: name, rate} = vif;
		return [{kind: 'vif' as const, name, mac, bridge, vif: String(vif.handle), rate}];
	});
}
