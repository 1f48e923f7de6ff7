// SPDX-License-Identifier: MIT
import {existsSync, readFileSync} from 'node:fs';
import {interfaces, watchFirewall, watchLinks} from '../kernel/links.ts';
import {openKernel, watchModule} from '../kernel/client.ts';
import {watchPolicy} from '../policy/watch.ts';
import {openStore} from '../xenstore/client.ts';
import {systemClock} from './clock.ts';
import type {World} from './daemon.ts';
import {openHeld} from './held.ts';
import type {Topology} from './host/ports.ts';
import {describe, type Log} from './log.ts';

export type WorldOptions = {
	readonly isDom0: boolean;
	/** Undefined: where policy is installed. */
	readonly policyDir: string | undefined;
	readonly heldFile: string;
	readonly log: Log;
};

/** The real world. */
export async function systemWorld({
	isDom0,
	policyDir,
	heldFile,
	log,
}: WorldOptions): Promise<World> {
	return {
		isDom0,
		log,
		clock: systemClock(),
		held: await openHeld(heldFile, log),
		openStore,
		openKernel,
		watchModule,
		interfaces,
		watchLinks,
		watchPolicy: signal =>
			watchPolicy(
				policyDir,
				signal,
				error => log.warn('policy.unwatched', describe(error)),
				isDom0 ? 'dom0' : 'guest',
			),
		topology,
		hints: [watchLinks, watchFirewall],
		/* A guest has no use for libnftables, and may not have it. */
		async firewall(devices) {
			const {readFirewall} = await import('../firewall/read.ts');
			const {refusalBetween} = await import('../firewall/state.ts');
			const state = await readFirewall(devices);
			return (a, b) => refusalBetween(a, b, state)?.text;
		},
	};
}

/** Dom0 may do everything to XenStore; its kernel says so, and so does the socket. */
export function isControlDomain(): boolean {
	try {
		return readFileSync('/proc/xen/capabilities', 'latin1').includes('control_d');
	} catch {
		return existsSync('/run/xenstored/socket') || existsSync('/var/run/xenstored/socket');
	}
}

async function topology(): Promise<Topology> {
	const devices = await interfaces();
	const names = devices.map(({name}) => name).filter(isBridge);
	return {interfaces: devices, bridges: new Set(names)};
}

/** Only a Linux bridge has this folder; the ports of Open vSwitch share a master that is none. */
function isBridge(name: string): boolean {
	return existsSync(`/sys/class/net/${name}/bridge`);
}
