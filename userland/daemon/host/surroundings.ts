// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import {describe, sentence, type Log} from '../log.ts';
import type {Law} from './judge.ts';
import type {Port, Topology} from './ports.ts';

export type Bypassed = (a: Port, b: Port) => string | undefined;

export type Around = Pick<Law, 'topology' | 'bypassed'>;

export type SurroundingsWorld = {
	topology(): Promise<Topology>;
	firewall(devices: readonly string[]): Promise<Bypassed>;
	readonly log: Log;
};

/** Dom0's devices and rules as last read, read again only when in doubt: it costs processes. */
export type Surroundings = {
	doubt(): void;
	take(domains: readonly Domain[]): Promise<Around>;
};

export function createSurroundings(world: SurroundingsWorld): Surroundings {
	let known: Around | undefined;
	let knownDevices = '';
	let doubts = 0;

	return {
		doubt() {
			doubts += 1;
			known = undefined;
		},
		async take(domains) {
			const vifs = domains.flatMap(domain => domain.vifs.map(vif => vif.device)).sort();
			if (known !== undefined && knownDevices === vifs.join()) return known;

			const before = doubts;
			const topology = await world.topology();
			const here = new Set(topology.interfaces.map(({name}) => name));
			const devices = [...vifs.filter(vif => here.has(vif)), ...topology.bridges];
			const taken = {topology, bypassed: remember(await readFirewall(world, devices))};
			/* A change while we read may be in what we read, or not: the next look reads again. */
			if (doubts === before) [known, knownDevices] = [taken, vifs.join()];
			return taken;
		},
	};
}

/** Rules that cannot be read may be there: no channel then. */
async function readFirewall(world: SurroundingsWorld, devices: string[]): Promise<Bypassed> {
	try {
		return await world.firewall(devices);
	} catch (error) {
		world.log.error('firewall.unread', describe(error));
		return () => `dom0's firewall could not be read: ${sentence(error)}`;
	}
}

/** The same rules say the same about the same two ports, and a walk through them is long. */
function remember(bypassed: Bypassed): Bypassed {
	const said = new Map<string, string | undefined>();
	return (a, b) => {
		const key = [a, b]
			.map(({kind, name, mac, bridge}) => `${kind} ${name} ${mac} ${bridge}`)
			.join();
		if (!said.has(key)) said.set(key, bypassed(a, b));
		return said.get(key);
	};
}
