// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import {describe, sentence, type Log} from '../log.ts';
import type {Criteria} from './judge.ts';
import type {Port, Topology} from './ports.ts';
import {isSame} from './same.ts';

export type Bypassed = (a: Port, b: Port) => string | undefined;

/** Dom0's devices and rules as they are known; the same object while nothing of it changed. */
export type Context = Pick<Criteria, 'topology' | 'bypassed'>;

/** An Ethernet address that frames are sent to, and the device of dom0 that leads to it. */
type Address = {readonly mac: string; readonly device: string};

export type ContextWorld = {
	topology(): Promise<Topology>;
	/** The same function as before while the rules say the same about these devices and addresses. */
	firewall(devices: readonly string[], addresses: readonly Address[]): Promise<Bypassed>;
	readonly log: Log;
};

type ContextReader = {
	/** Something may have changed: the next `read` reads, and waits for it. */
	invalidate(): void;
	/** Nothing says so: reads beside the looks, which go by what is known until then. */
	refresh(): void;
	read(domains: readonly Domain[]): Promise<Context>;
};

/** `changed` is called when a refresh is over. */
export function createContext(world: ContextWorld, changed: () => void): ContextReader {
	let known: Context | undefined;
	let last: Context | undefined;
	let asked: Asked = {vifs: [], text: ''};
	/** Of invalidations and of readings: what is read is kept if nothing happened since its reading began. */
	let turn = 0;
	const bypassedOf = createBypassed(world);

	const invalidate = () => {
		turn += 1;
		known = undefined;
	};
	const read = async (these: Asked) => {
		const mine = ++turn;
		const {topology, devices, addresses} = relevant(await world.topology(), these.vifs);
		const bypassed = await bypassedOf(devices, addresses);

		last = unlessSame(last, {topology, bypassed});
		/* A change while we read may be in what we read, or not: the next look reads again. */
		if (turn === mine) {
			[known, asked] = [last, these];
		}

		return last;
	};

	return {
		invalidate,
		refresh() {
			/* Where it fails, the next look does too, and says so. */
			if (known !== undefined) {
				read(asked).catch(invalidate).finally(changed);
			}
		},
		async read(domains) {
			const these = askedOf(domains);

			return known !== undefined && asked.text === these.text ? known : read(these);
		},
	};
}

/** The vifs of all domains, and the same as a line to compare. */
type Asked = {readonly vifs: readonly Address[]; readonly text: string};

function askedOf(domains: readonly Domain[]): Asked {
	const vifs = domains.flatMap(domain => domain.vifs.map(({device, mac}) => ({device, mac})));
	const text = vifs
		.map(({device, mac}) => `${device} ${mac}`)
		.sort()
		.join();

	return {vifs, text};
}

/** Dom0 may have many other devices, which come and go with its own containers. */
function relevant(topology: Topology, vifs: readonly Address[]) {
	const {interfaces, bridges, ovsBridges = new Map<string, string>()} = topology;
	const switches = vifs.flatMap(({device}) => ovsBridges.get(device) ?? []);
	const ours = new Set([...vifs.map(({device}) => device), ...switches]);
	const own = interfaces.filter(({name}) => ours.has(name) || bridges.has(name));
	const masters = new Set(own.map(({master}) => master));
	const near = interfaces.filter(
		({name, ifindex}) => ours.has(name) || bridges.has(name) || masters.has(ifindex),
	);
	const here = new Set(own.map(({name}) => name));

	return {
		topology: {
			...{interfaces: near, bridges},
			ovsBridges: new Map([...ovsBridges].filter(([name]) => ours.has(name))),
		},
		devices: [...[...ours].filter(device => here.has(device)), ...bridges],
		addresses: [
			...vifs,
			...own.flatMap(({name: device, mac}) => (bridges.has(device) ? [{device, mac}] : [])),
		],
	};
}

function unlessSame(last: Context | undefined, next: Context): Context {
	const isSameTopology =
		last !== undefined &&
		isSame(last.topology.interfaces, next.topology.interfaces) &&
		isSame([...last.topology.bridges], [...next.topology.bridges]) &&
		isSame([...(last.topology.ovsBridges ?? [])], [...(next.topology.ovsBridges ?? [])]);

	if (last === undefined || !isSameTopology) {
		return next;
	}

	return last.bypassed === next.bypassed ? last : {...next, topology: last.topology};
}

/** Rules that cannot be read may be there: no channel then. */
function createBypassed(world: ContextWorld) {
	let failure: {readonly reason: string; readonly bypassed: Bypassed} | undefined;

	return async (devices: readonly string[], addresses: readonly Address[]) => {
		try {
			const bypassed = await world.firewall(devices, addresses);

			failure = undefined;

			return bypassed;
		} catch (error) {
			const reason = `dom0's firewall could not be read: ${sentence(error)}`;

			if (failure?.reason !== reason) {
				world.log.error('firewall.unread', describe(error));
				failure = {reason, bypassed: () => reason};
			}

			return failure.bypassed;
		}
	};
}
