// SPDX-License-Identifier: MIT
import {openFirewall, type Ports} from './firewall.ts';
import {realTime} from './part.ts';
import type {FirewallState} from './state.ts';
import {realTools, type Tools} from './tools.ts';

export {realTools, type Tools} from './tools.ts';

/**
 * Reads once what stands between the devices: nftables, the bridges with their forwarding tables, traffic control, XDP
 * and tcx, what else netfilter calls, remains of iptables and ebtables. Throws ColoopError (FIREWALL, KERNEL) where
 * something cannot be read: then nothing is known, and no channel may be.
 */
export async function readFirewall(
	devices: readonly string[],
	tools: Tools = realTools,
	addresses?: Ports['addresses'],
): Promise<FirewallState> {
	const firewall = openFirewall(tools, {...realTime, warn() {}});

	return await firewall.read({devices, addresses});
}
