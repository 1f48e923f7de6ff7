// SPDX-License-Identifier: MIT
import type {Port} from '../../userland/firewall/types.ts';
import type {Random} from './random.ts';

/** One packet, with a value for all that the rules of the generator ask for. */
export type Packet = {
	readonly from: Port;
	readonly to: Port;
	readonly isIp6: boolean;
	readonly isTcp: boolean;
	readonly dport: number;
	readonly saddr: string;
	readonly state: string;
	readonly type: 'host' | 'other';
	/** For what is true of some packets and not of others, and of no interest otherwise. */
	readonly coins: number;
};

const variants = new Map<string, readonly Packet[]>();

/** One packet of each sort, both ways; its coins are one of several throws, each made once. */
export function packetsBetween(a: Port, b: Port, random: Random): readonly Packet[] {
	const key = `${a.name} ${b.name} ${random.below(64)}`;
	const packets = variants.get(key) ?? makePackets(a, b, random);

	variants.set(key, packets);

	return packets;
}

function makePackets(a: Port, b: Port, random: Random): readonly Packet[] {
	const packets: Packet[] = [];

	for (let bits = 0; bits < 32; bits++) {
		const has = (bit: number) => (bits & (1 << bit)) !== 0;
		for (const state of ['new', 'established', 'invalid']) {
			packets.push({
				from: has(0) ? a : b,
				to: has(0) ? b : a,
				isIp6: has(1),
				isTcp: has(2),
				dport: has(3) ? 22 : 80,
				saddr: has(1) ? (has(4) ? 'fd00::3' : 'fd00::9') : has(4) ? '10.0.0.3' : '10.0.0.9',
				state,
				type: random.pick(['host', 'other'] as const),
				coins: random.below(2 ** 16),
			});
		}
	}

	return packets;
}

/** A hook of the kernel that a packet passes, and what the kernel passes to it. */
export type Stop = {
	readonly stack: 'bridge' | 'ip' | 'device';
	readonly hook: string;
	/** Of a chain at `ingress` or `egress`. */
	readonly device?: string;
	readonly input: string | undefined;
	readonly output: string | undefined;
	/** Of the mark that br_netfilter leaves on a packet; undefined: there is none. */
	readonly ports?: {readonly input: string; readonly output: string | undefined};
};

/** The way of a frame through net/bridge and br_netfilter that a channel replaces. */
export function journey({from, to}: Packet, filtersIp: boolean): Stop[] {
	if (from.kind === 'host') {
		return sentByDom0(from, to);
	}
	if (to.kind === 'host') {
		return takenByDom0(from, to);
	}
	const [input, output] = [from.name, to.name];
	const whole = {stack: 'ip', ports: {input, output}} as const;
	const bridge = from.bridge;
	const stops: Stop[] = [
		{stack: 'device', hook: 'ingress', device: input, input, output: undefined},
		{stack: 'bridge', hook: 'prerouting', input, output: undefined},
	];

	if (filtersIp) {
		const ports = {input, output: undefined};
		stops.push({stack: 'ip', hook: 'prerouting', input: bridge, output: undefined, ports});
	}
	stops.push({stack: 'bridge', hook: 'forward', input, output});
	if (filtersIp) {
		stops.push({...whole, hook: 'forward', input: bridge, output: bridge});
	}
	stops.push({stack: 'bridge', hook: 'postrouting', input: undefined, output});
	if (filtersIp) {
		stops.push({...whole, hook: 'postrouting', input: undefined, output: bridge});
	}
	stops.push({stack: 'device', hook: 'egress', device: output, input: undefined, output});

	return stops;
}

function sentByDom0(from: Port, to: Port): Stop[] {
	const output = to.name;

	return [
		{stack: 'device', hook: 'egress', device: from.name, input: undefined, output: from.name},
		{stack: 'bridge', hook: 'output', input: undefined, output},
		{stack: 'bridge', hook: 'postrouting', input: undefined, output},
		{stack: 'device', hook: 'egress', device: output, input: undefined, output},
	];
}

function takenByDom0(from: Port, to: Port): Stop[] {
	const input = from.name;

	return [
		{stack: 'device', hook: 'ingress', device: input, input, output: undefined},
		{stack: 'bridge', hook: 'prerouting', input, output: undefined},
		{stack: 'bridge', hook: 'input', input, output: undefined},
		{stack: 'device', hook: 'ingress', device: to.name, input: to.name, output: undefined},
	];
}

/** The IP hooks that a guest's packet passes in dom0, on a channel as well, but there without a port. */
export function dom0Journey({from, to}: Packet, filtersIp: boolean): Stop[] {
	if (!filtersIp || to.kind !== 'host') {
		return [];
	}
	const ports = {input: from.name, output: undefined};
	const at = (hook: string, input: string | undefined, output: string | undefined): Stop => ({
		...{stack: 'ip', hook, input, output, ports},
	});

	return [
		at('prerouting', from.bridge, undefined),
		at('input', from.bridge, undefined),
		at('forward', from.bridge, 'eth0'),
		at('forward', from.bridge, 'xenbr1'),
		at('postrouting', undefined, 'eth0'),
		at('postrouting', undefined, 'xenbr1'),
	];
}
