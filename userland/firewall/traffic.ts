// SPDX-License-Identifier: MIT
import type {NftBase, NftFamily} from '../nftables-js/index.ts';
import type {FiltersIp, Port, Protocol} from './types.ts';

/** All frames of one protocol from one port to the other, as the chains at one hook find them. */
export type Traffic = {
	readonly protocol: Protocol;
	readonly saddr: string;
	readonly daddr: string;
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
};

export type PhysicalPorts = {readonly input: string; readonly output: string | undefined};

/** The chains of the bridge, dom0's IP chains (through br_netfilter), or those of one device. */
export type Place = 'bridge' | 'ip' | 'device';

export type Visit = {
	readonly place: Place;
	readonly hook: string;
	readonly device: string | undefined;
	/**
	 * Whether a channel's packets pass these chains too, without `ports`. Then only a rule that asks for a port can be
	 * bypassed.
	 */
	readonly isOnChannel: boolean;
	/** From the first port to the second, or back. */
	readonly isForth: boolean;
	readonly traffic: Traffic;
};

/** Whether the chains of a visit include this base chain. */
export function sees({place, hook, device, traffic}: Visit, family: NftFamily, base: NftBase) {
	if (base.hook !== hook) return false;
	if (place === 'bridge') return family === 'bridge';
	if (place === 'ip') return family === 'inet' || family === traffic.protocol;

	return device !== undefined && coversDevice(base, device);
}

/** Where in dom0 the traffic between two ports, both ways, meets chains, and as what. */
export function visits(a: Port, b: Port, filtersIp: FiltersIp): Visit[] {
	return (['ip', 'ip6'] as const).flatMap(protocol => [
		...oneWay(a, b, protocol, filtersIp[protocol]).map(visit => ({...visit, isForth: true})),
		...oneWay(b, a, protocol, filtersIp[protocol]).map(visit => ({...visit, isForth: false})),
	]);
}

type OneWay = Omit<Visit, 'isForth'>;
type Devices = Pick<Traffic, 'input' | 'output'>;

/** Devices as net/bridge passes them to its hooks: no input after its decision, no output before. */
function oneWay(from: Port, to: Port, protocol: Protocol, filtersIp: boolean): OneWay[] {
	const traffic = (devices: Devices): Traffic => ({
		protocol,
		saddr: from.mac,
		daddr: to.mac,
		...devices,
		inputBridge: devices.input === '' ? '' : from.bridge,
		outputBridge: devices.output === '' ? '' : to.bridge,
		hasEthernet: true,
		ports: undefined,
	});
	const visit = (place: Place, hook: string, devices: Devices, device?: string): OneWay => ({
		place,
		hook,
		device,
		isOnChannel: false,
		traffic: traffic(devices),
	});
	const [input, output] = [from.name, to.name];
	const arriving = (name: string, device: string) =>
		visit('device', 'ingress', {input: name, output: ''}, device);
	const leaving = (name: string, device: string) =>
		visit('device', 'egress', {input: '', output: name}, device);
	const ends = [
		// A vif's ingress is what its guest sends; dom0's own frames leave by the egress of its bridge device.
		from.kind === 'vif' ? arriving(input, input) : leaving(input, input),
		to.kind === 'vif' ? leaving(output, output) : arriving(output, output),
	];

	if (from.kind === 'host') {
		return [
			...ends,
			visit('bridge', 'output', {input: '', output}),
			visit('bridge', 'postrouting', {input: '', output}),
		];
	}
	const before = visit('bridge', 'prerouting', {input, output: ''});

	if (to.kind === 'host') {
		return [
			...ends,
			before,
			visit('bridge', 'input', {input, output: ''}),
			...(filtersIp ? receivedByDom0(from, before.traffic) : []),
		];
	}

	return [
		...ends,
		before,
		visit('bridge', 'forward', {input, output}),
		visit('bridge', 'postrouting', {input: '', output}),
		...(filtersIp ? bridgedThroughIp(from, to, before.traffic) : []),
	];
}

/** br_netfilter shows the IP chains the bridge as device, and the ports to `physdev` alone. */
function bridgedThroughIp(from: Port, to: Port, traffic: Traffic): OneWay[] {
	const {bridge} = from;
	const at = (hook: string, devices: Devices, output: string | undefined): OneWay => ({
		place: 'ip',
		hook,
		device: undefined,
		isOnChannel: false,
		traffic: {
			...traffic,
			...devices,
			hasEthernet: devices.input !== '',
			ports: {input: from.name, output},
		},
	});

	return [
		at('prerouting', {input: bridge, output: ''}, undefined),
		at('forward', {input: bridge, output: bridge}, to.name),
		at('postrouting', {input: '', output: bridge}, to.name),
	];
}

/**
 * What a guest sends to dom0, or through it to elsewhere, passes the same IP chains on a channel, but without the port
 * that it came by. What dom0 sends has none before the bridge chooses one, which is after all IP chains.
 */
function receivedByDom0({name, bridge}: Port, traffic: Traffic): OneWay[] {
	const at = (hook: string, devices: Devices): OneWay => ({
		place: 'ip',
		hook,
		device: undefined,
		isOnChannel: true,
		traffic: {
			...traffic,
			...devices,
			hasEthernet: devices.input !== '',
			ports: {input: name, output: undefined},
		},
	});

	return [
		at('prerouting', {input: bridge, output: ''}),
		at('input', {input: bridge, output: ''}),
		at('forward', {input: bridge, output: undefined}),
		at('postrouting', {input: '', output: undefined}),
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
