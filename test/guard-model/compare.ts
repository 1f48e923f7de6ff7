// SPDX-License-Identifier: MIT
import type {FiltersIp, Port, RuleRef} from '../../userland/firewall/types.ts';
import type {NftRuleset} from '../../userland/nftables-js/index.ts';
import {parsePrefix, type Prefix} from '../../userland/prefixes.ts';
import {generateRuleset} from './generate.ts';
import {loadRuleset, pass, type Kernel} from './interpreter.ts';
import {dom0Journey, journey, packetsBetween, type Packet, type Stop} from './packet.ts';
import {seeded} from './random.ts';

export type CreateGuard = (
	ruleset: NftRuleset,
) => (a: Port, b: Port, filtersIp: FiltersIp) => RuleRef | undefined;

export type Comparison = {
	readonly seed: number;
	readonly ruleset: NftRuleset;
	readonly ports: readonly [Port, Port];
	readonly filtersIp: FiltersIp;
	readonly refused: RuleRef | undefined;
	/** A packet that dom0's rules do not simply let pass, and where. */
	readonly lost: {packet: Packet; at: string} | undefined;
};

const bridge = 'xenbr0';
const vifA: Port = {kind: 'vif', name: 'vif3.0', mac: '00:16:3e:00:00:03', bridge};
const vifB: Port = {kind: 'vif', name: 'vif4.0', mac: '00:16:3e:00:00:04', bridge};
const host: Port = {kind: 'host', name: bridge, mac: '00:16:3e:00:00:01', bridge};

/** Where the other end of a channel takes packets of a guest from, and the packets that it takes. */
const locks: ReadonlyArray<readonly [readonly Prefix[], (saddr: string) => boolean]> = [
	[prefixes('10.0.0.3', 'fd00::3'), saddr => saddr.endsWith('3')],
	[prefixes('10.0.0.3'), saddr => saddr === '10.0.0.3'],
	[prefixes('10.0.0.8/29', '::/0'), saddr => saddr === '10.0.0.9' || saddr.includes(':')],
	[prefixes('10.0.0.0/24'), saddr => saddr.startsWith('10.')],
	[[], () => false],
];

function prefixes(...texts: readonly string[]): readonly Prefix[] {
	return texts.flatMap(text => parsePrefix(text) ?? []);
}

/** One random ruleset: what the guard says of it, and what its packets say. */
export function compare(seed: number, createGuard: CreateGuard): Comparison {
	const random = seeded(seed);
	const ruleset = generateRuleset(random);
	const ports = random.chance(0.7) ? ([vifA, vifB] as const) : ([vifA, host] as const);
	const filtersIp = {ip: random.chance(0.6), ip6: random.chance(0.6)};
	const kernel = loadRuleset(ruleset);
	const packets = packetsBetween(...ports, random);
	const [sources, isTaken] = random.chance(0.4) ? random.pick(locks) : [undefined, () => true];
	const [a, b] = [{...ports[0], sources}, ports[1]] as const;
	let lost: Comparison['lost'];

	for (const packet of packets) {
		if (packet.from.name === a.name && !isTaken(packet.saddr)) {
			continue;
		}
		const at = whereLost(kernel, packet, filtersIp);
		if (at !== undefined) {
			lost = {packet, at};
			break;
		}
	}

	return {
		seed,
		ruleset,
		ports: [a, b],
		filtersIp,
		lost,
		refused: createGuard(ruleset)(a, b, filtersIp),
	};
}

/** The stops of a packet depend on its ends and on br_netfilter alone. */
function stopsOf(packet: Packet, isFiltered: boolean): Stops {
	const key = `${packet.from.name} ${packet.to.name} ${isFiltered}`;
	const stops = allStops.get(key) ?? {
		own: journey(packet, isFiltered),
		dom0: dom0Journey(packet, isFiltered).map(stop => {
			const {stack, hook, input, output} = stop;

			return {stop, onChannel: {stack, hook, input, output}};
		}),
	};

	allStops.set(key, stops);

	return stops;
}

type Stops = {own: Stop[]; dom0: {stop: Stop; onChannel: Stop}[]};
const allStops = new Map<string, Stops>();

function whereLost(kernel: Kernel, packet: Packet, filtersIp: FiltersIp): string | undefined {
	const {own, dom0} = stopsOf(packet, filtersIp[packet.isIp6 ? 'ip6' : 'ip']);

	for (const stop of own) {
		const {isDropped, effects} = pass(kernel, stop, packet);
		if (isDropped || effects.length > 0) {
			return `${stop.stack} ${stop.hook}`;
		}
	}
	for (const {stop, onChannel} of dom0) {
		const [before, after] = [pass(kernel, stop, packet), pass(kernel, onChannel, packet)];
		if (
			before.isDropped !== after.isDropped ||
			before.effects.join() !== after.effects.join()
		) {
			return `dom0 ${stop.hook}`;
		}
	}

	return undefined;
}

export type Tally = {
	compared: number;
	/** Guard and packets say that nothing is lost. */
	agreed: number;
	refused: number;
	/** Refused although no packet of ours is lost. */
	overcautious: number;
	/** Holes: the guard says none, and a packet is lost. */
	readonly holes: Comparison[];
};

export function tally(): Tally {
	return {compared: 0, agreed: 0, refused: 0, overcautious: 0, holes: []};
}

export function count(into: Tally, comparison: Comparison): void {
	const {refused, lost} = comparison;

	into.compared++;
	if (refused) {
		into.refused++;
	}
	if (refused && !lost) {
		into.overcautious++;
	}
	if (!refused && !lost) {
		into.agreed++;
	}
	if (!refused && lost) {
		into.holes.push(comparison);
	}
}
