// SPDX-License-Identifier: MIT
import type {Port} from '../../userland/firewall/types.ts';

/**
 * The namespace is a dom0, in which the product's reader runs:
 *
 *	dom0    xenbr0 ─── vif3.0   vif4.0   vif33.0     xenbr1     up0     chan0
 *	                     │        │         │      (no ports)    │        │
 *	guests              end3     end4     end33                endup   endchan
 *
 * A frame into endchan comes to dom0 as one from a channel does: as if xenbr0 had received it, though
 * it has met nothing of the bridge. Behind up0 is what dom0 routes to.
 */
export type Guest = {
	/** As the probe numbers the places where frames are sent and received. */
	readonly place: number;
	/** The device that the probe has there. */
	readonly end: string;
	readonly port: Port;
	readonly ip4: string;
	readonly ip6: string;
};

export const bridge = 'xenbr0';
export const otherBridge = 'xenbr1';

/** What dom0 routes to, by `up0`. */
export const remote = {ip4: '10.9.0.9', ip6: 'fd00:9::9', mac: '00:16:3e:00:09:09'} as const;

export const dom0: Guest = {
	place: 0,
	end: bridge,
	port: {kind: 'host', name: bridge, mac: '00:16:3e:00:00:01', bridge},
	ip4: '10.0.0.1',
	ip6: 'fd00::1',
};

/** The third's name begins as the first's does, up to the dot. */
export const guests: readonly Guest[] = [3, 4, 33].map((domid, index) => ({
	place: index + 1,
	end: `end${domid}`,
	port: {
		kind: 'vif',
		name: `vif${domid}.0`,
		mac: `00:16:3e:00:00:${String(domid).padStart(2, '0')}`,
		bridge,
	},
	ip4: `10.0.0.${domid}`,
	ip6: `fd00::${domid}`,
}));

/** Where what dom0 routes arrives, and where frames enter it as by a channel. */
export const uplink = {place: guests.length + 1, end: 'endup', device: 'up0'} as const;
export const channel = {place: guests.length + 2, end: 'endchan', device: 'chan0'} as const;

/** Of a frame that need not arrive. */
export const nowhere = 255;

export const vifs: readonly string[] = guests.map(({port}) => port.name);
/** What dom0 has been told that guests are on: the daemon reads these. */
export const devices: readonly string[] = [...vifs, bridge, otherBridge];

function guest(index: number): Guest {
	const found = guests[index];
	if (!found) {
		throw new Error(`there is no guest ${index}`);
	}

	return found;
}

/** Whose channels are judged; dom0's first, before others' packets change what rules remember. */
export const pairs: ReadonlyArray<readonly [Guest, Guest]> = [
	[guest(0), dom0],
	[guest(0), guest(1)],
	[guest(1), guest(2)],
];
