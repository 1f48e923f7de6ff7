// SPDX-License-Identifier: MIT
import {rangesOf, type IpRange} from '../ip-range.ts';
import type {NftBase, NftFamily} from '../nftables-js/index.ts';
import type {FiltersIp, Port, Protocol} from './types.ts';

/** All frames of one protocol from one port to the other, as the chains at one hook find them. */
export type Traffic = {
	readonly protocol: Protocol;
	readonly saddr: string;
	/** Undefined where it may be any. */
	readonly daddr: string | undefined;
	/** The device that a match finds; '' where the kernel passes none, undefined where that is not known. */
	readonly input: string | undefined;
	readonly output: string | undefined;
	/** The bridges of these two, as `ibrname` and `obrname` find them in the bridge's own chains. */
	readonly inputBridge: string;
	readonly outputBridge: string;
	/** IP chains compare Ethernet addresses only where the hook has an input device. */
	readonly hasEthernet: boolean;
	/** The ports that iptables' `physdev` finds; undefined where the packet is not known to have passed a bridge. */
	readonly ports: PhysicalPorts | undefined;
	/** Where the packets come from, as an address of IP; undefined: from anywhere. */
	readonly source?: IpRange | undefined;
};

export type PhysicalPorts = {readonly input: string; readonly output: string | undefined};

/** The chains of the bridge, dom0's IP chains (through br_netfilter), or those of one device. */
export type Place = 'bridge' | 'ip' | 'device';

export type Visit = {
	readonly place: Place;
	readonly hook: string;
	readonly device: string | undefined;
	/**
	 * Whether a channel's packets pass these chains too, without `ports`. Then only a rule can be bypassed that asks for
	 * a port, or changes what the bridge goes by before that decides.
	 */
	readonly isOnChannel: boolean;
	/** From the first port to the second, or back. */
	readonly isForth: boolean;
	readonly traffic: Traffic;
};

/** Where the chains of a family at a hook are. */
export function placeOf(family: NftFamily, {hook}: NftBase): Place {
	if (hook === 'ingress' || hook === 'egress') {
		return 'device';
	}

	return family === 'bridge' ? 'bridge' : 'ip';
}

/** Whether the chains of a visit include this base chain. */
export function sees({place, hook, device, traffic}: Visit, family: NftFamily, base: NftBase) {
	if (base.hook !== hook || placeOf(family, base) !== place) {
		return false;
	}
	if (place === 'ip') {
		return family === 'inet' || family === traffic.protocol;
	}

	return place === 'bridge' || (device !== undefined && coversDevice(base, device));
}

/**
 * Where in dom0 the traffic between two ports, both ways, meets chains, and as what; without the hooks where there are
 * no chains.
 */
export function visits(
	a: Port,
	b: Port,
	filtersIp: FiltersIp,
	isHooked: (place: Place, hook: string) => boolean = () => true,
): Visit[] {
	return [...oneWay(a, b, true), ...oneWay(b, a, false)];

	function oneWay(from: Port, to: Port, isForth: boolean): Visit[] {
		return stopsBetween(from, to)
			.filter(({place, hook}) => isHooked(place, hook))
			.flatMap(stop =>
				(['ip', 'ip6'] as const)
					.filter(protocol => stop.place !== 'ip' || filtersIp[protocol])
					.flatMap(protocol =>
						rangesOf(from.sources, protocol).map(source =>
							withSource(visitTo(stop, from, to, protocol, isForth), source),
						),
					),
			);
	}
}

function withSource(visit: Visit, source: IpRange | undefined): Visit {
	return source ? {...visit, traffic: {...visit.traffic, source}} : visit;
}

/** A hook on the way from one port to another. */
type Stop = Pick<Traffic, 'input' | 'output'> & {
	readonly place: Place;
	readonly hook: string;
	readonly device?: string;
	/** The port that the bridge has chosen, as `physdev` finds it. */
	readonly portOutput?: string;
};

export function visitTo(
	{place, hook, device, input, output, portOutput}: Stop,
	from: Port,
	to: Port,
	protocol: Protocol,
	isForth: boolean,
): Visit {
	return {
		place,
		hook,
		device,
		isForth,
		isOnChannel: place === 'ip' && to.kind === 'host',
		traffic: {
			protocol,
			input,
			output,
			saddr: from.mac,
			daddr: to.mac,
			inputBridge: input === '' ? '' : from.bridge,
			outputBridge: output === '' ? '' : to.bridge,
			hasEthernet: place !== 'ip' || input !== '',
			ports: place === 'ip' ? {input: from.name, output: portOutput} : undefined,
		},
	};
}

/** Devices as net/bridge passes them to its hooks: no input after its decision, no output before. */
function stopsBetween(from: Port, to: Port): Stop[] {
	const [input, output] = [from.name, to.name];
	// A vif's ingress is what its guest sends; dom0's own frames leave by the egress of its bridge device.
	const ends = [from.kind === 'vif' ? arriving(from) : leaving(from)].concat(
		to.kind === 'vif' ? leaving(to) : arriving(to),
	);

	if (from.isOvs) {
		return ends;
	}
	if (from.kind === 'host') {
		return [
			...ends,
			{place: 'bridge', hook: 'output', input: '', output},
			{place: 'bridge', hook: 'postrouting', input: '', output},
		];
	}
	if (to.kind === 'host') {
		return [
			...ends,
			{place: 'bridge', hook: 'prerouting', input, output: ''},
			{place: 'bridge', hook: 'input', input, output: ''},
			...receivedByDom0(from.bridge),
		];
	}

	return [
		...ends,
		{place: 'bridge', hook: 'prerouting', input, output: ''},
		{place: 'bridge', hook: 'forward', input, output},
		{place: 'bridge', hook: 'postrouting', input: '', output},
		...bridgedThroughIp(from.bridge, output),
	];
}

function arriving({name}: Port): Stop {
	return {place: 'device', hook: 'ingress', device: name, input: name, output: ''};
}

function leaving({name}: Port): Stop {
	return {place: 'device', hook: 'egress', device: name, input: '', output: name};
}

/** br_netfilter shows the IP chains the bridge as device, and the ports to `physdev` alone. */
function bridgedThroughIp(bridge: string, portOutput: string): Stop[] {
	return [
		{place: 'ip', hook: 'prerouting', input: bridge, output: ''},
		{place: 'ip', hook: 'forward', input: bridge, output: bridge, portOutput},
		{place: 'ip', hook: 'postrouting', input: '', output: bridge, portOutput},
	];
}

/**
 * What a guest sends to dom0, or through it to elsewhere, passes the same IP chains on a channel, but without the port
 * that it came by. What dom0 sends has none before the bridge chooses one, which is after all IP chains.
 */
function receivedByDom0(bridge: string): Stop[] {
	return [
		{place: 'ip', hook: 'prerouting', input: bridge, output: ''},
		{place: 'ip', hook: 'input', input: bridge, output: ''},
		{place: 'ip', hook: 'forward', input: bridge, output: undefined},
		{place: 'ip', hook: 'postrouting', input: '', output: undefined},
	];
}

/** A chain that does not tell its devices may be on any. */
function coversDevice({devices}: NftBase, name: string): boolean {
	return devices === undefined || devices.some(device => matchesDevice(device, name));
}

/** nft's own wildcard: a `*` at the end. */
export function matchesDevice(pattern: string, name: string): boolean {
	return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
