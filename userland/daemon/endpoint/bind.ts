// SPDX-License-Identifier: MIT
import type {Link} from '../../kernel/kernel.ts';
import type {AnnouncedLink} from '../../xenstore/announcement.ts';

/** A network device of ours, of which a link may be the upper half. */
export type Device = {
	readonly ifindex: number;
	readonly name: string;
	readonly mac: string;
	/** The number of the vif that it is; undefined for all else, and in dom0. */
	readonly vif?: string;
};

type Ours = {
	readonly domid: number;
	readonly devices: readonly Device[];
	/** The module takes an MTU with a link. */
	readonly takesMtu: boolean;
};

/**
 * The announced link with a device of ours, if there is one.
 *
 * A VLAN, bridge or macvlan on top of a device has its address too, and so have all ports of a bond.
 * The device that is the announced vif is meant; where none says so, the one that was there first.
 */
export function bind(
	{vif, localMac, remoteMac, mtu}: AnnouncedLink,
	{domid, devices, takesMtu}: Ours,
): Link[] {
	const device = devices
		.filter(({mac, name}) => mac === localMac && (domid !== 0 || name === vif))
		.filter(each => each.vif === undefined || each.vif === vif)
		.sort((a, b) => Number(b.vif === vif) - Number(a.vif === vif) || a.ifindex - b.ifindex)[0];
	if (device === undefined) {
		return [];
	}
	const way = {ifindex: device.ifindex, localMac, remoteMac};

	return [takesMtu && mtu !== undefined ? {...way, mtu} : way];
}
