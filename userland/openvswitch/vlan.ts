// SPDX-License-Identifier: MIT
import type {PortVlans} from './types.ts';

/** How one port treats frames without a tag, which is what domains send and expect. */
type Untagged = {
	/** The VLAN that such a frame enters by this port; undefined where it is dropped. */
	readonly enters: number | undefined;
	/** Does a frame of this VLAN leave without a tag? */
	leaves(vlan: number): boolean;
};

/** As ofproto's NORMAL does it, see `vlan_mode` in ovs-vswitchd.conf.db(5). */
export function untaggedBy({mode, tag = 0, trunks, customers}: PortVlans): Untagged {
	const carries = (list: readonly number[]) => list.length === 0 || list.includes(0);

	switch (mode) {
		case 'access':
			return {enters: tag, leaves: vlan => vlan === tag};
		case 'trunk':
			return {enters: carries(trunks) ? 0 : undefined, leaves: vlan => vlan === 0};
		case 'native-untagged':
			return {enters: tag, leaves: vlan => vlan === tag};
		case 'native-tagged':
			return {enters: tag, leaves: vlan => vlan === tag && tag === 0};
		case 'dot1q-tunnel':
			return {enters: carries(customers) ? tag : undefined, leaves: vlan => vlan === tag};
		default:
			return {enters: undefined, leaves: () => false};
	}
}

/** In the field's own words: a port that has a tag and no mode is an access port. */
export function modeOf({mode, tag}: Pick<PortVlans, 'mode' | 'tag'>): string {
	return mode ?? (tag === undefined ? 'trunk' : 'access');
}
