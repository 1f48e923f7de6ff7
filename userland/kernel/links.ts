// SPDX-License-Identifier: MIT
import {readDevices} from './devices.ts';
import {routeProtocol} from './dump.ts';
import {subscribe} from './netlink.ts';
import {vifOf} from './vif.ts';

/** An Ethernet-like interface; `master` is the bridge (or bond) it belongs to. */
type Interface = {
	readonly ifindex: number;
	readonly name: string;
	readonly mac: string;
	readonly mtu: number;
	readonly master?: number;
	/** The number of the vif that it is, in a guest. */
	readonly vif?: string;
};

/** RTNLGRP_LINK. */
const linkGroup = 1;

/** The interfaces of our network namespace that have Ethernet addresses. */
export async function interfaces(): Promise<Interface[]> {
	const devices = await readDevices();

	return await Promise.all(
		devices.flatMap(({ifindex, name, mac, mtu, master}) =>
			mac === undefined
				? []
				: withVif({ifindex, name, mac, mtu, ...(master !== undefined && {master})}),
		),
	);
}

/** Says `changed` once now and whenever an interface came, went or changed. A hint: look again. */
export function watchLinks(signal: AbortSignal): AsyncIterable<'changed'> {
	const queue = subscribe({
		protocol: routeProtocol,
		groups: [linkGroup],
		signal,
		parse: () => 'changed' as const,
		lost: 'changed' as const,
	});

	queue.push('changed');

	return queue;
}

async function withVif(found: Interface): Promise<Interface> {
	const vif = await vifOf(found.name);

	return {...found, ...(vif !== undefined && {vif})};
}
