// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import {describe, sentence, type Log} from '../log.ts';
import type {Criteria} from './judge.ts';
import type {Port, Topology} from './ports.ts';

export type Bypassed = (a: Port, b: Port) => string | undefined;

export type Around = Pick<Criteria, 'topology' | 'bypassed'>;

export type SurroundingsWorld = {
	topology(): Promise<Topology>;
	firewall(devices: readonly string[]): Promise<Bypassed>;
	readonly log: Log;
};

/**
 * Dom0's devices and rules as last read; reading them costs processes, and tenths of a second of a
 * slow machine.
 */
export type Surroundings = {
	/** Something may have changed: the next look reads, and waits for it. */
	doubt(): void;
	/** Nothing says so: reads beside the looks, which go by what is known until then. */
	refresh(): void;
	take(domains: readonly Domain[]): Promise<Around>;
};

/** `changed` is called when a refresh is over. */
export function createSurroundings(world: SurroundingsWorld, changed: () => void): Surroundings {
	let known: Around | undefined;
	let knownVifs: readonly string[] = [];
	/** Of doubts and of reads: what is read is kept if nothing happened since its read began. */
	let turn = 0;

	const doubt = () => {
		turn += 1;
		known = undefined;
	};
	const read = async (vifs: readonly string[]) => {
		const mine = ++turn;
		const topology = await world.topology();
		const here = new Set(topology.interfaces.map(({name}) => name));
		const devices = [...vifs.filter(vif => here.has(vif)), ...topology.bridges];
		const taken = {topology, bypassed: remember(await readFirewall(world, devices))};
		/* A change while we read may be in what we read, or not: the next look reads again. */
		if (turn === mine) [known, knownVifs] = [taken, vifs];
		return taken;
	};

	return {
		doubt,
		refresh() {
			/* Where it fails, the next look does too, and says so. */
			if (known !== undefined) read(knownVifs).catch(doubt).finally(changed);
		},
		async take(domains) {
			const vifs = domains.flatMap(domain => domain.vifs.map(vif => vif.device)).sort();
			return known !== undefined && knownVifs.join() === vifs.join() ? known : read(vifs);
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
