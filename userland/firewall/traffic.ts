// SPDX-License-Identifier: MIT
import type {NftBase, NftFamily} from '../nftables-js/index.ts';
import type {Port, Protocol} from './types.ts';

/** All frames of one protocol from one port to the other, as a chain at one hook sees them. */
export type Traffic = {
	readonly protocol: Protocol;
	readonly saddr: string;
	readonly daddr: string;
	/** The names a match may find; several where it depends on the kernel, undefined where nothing is known. */
	readonly input: readonly string[] | undefined;
	readonly output: readonly string[] | undefined;
	/** The bridge of the input and the output device, as `ibrname` and `obrname` find it. */
	readonly bridge: string;
};

export type Visit = {
	readonly traffic: Traffic;
	/** Does this base chain see it? */
	sees(family: NftFamily, base: NftBase): boolean;
};

/** Where in dom0 the traffic between two ports, both ways, meets chains, and as what. */
export function visits(a: Port, b: Port, filtersIp: Readonly<Record<Protocol, boolean>>): Visit[] {
	return [
		[a, b],
		[b, a],
	].flatMap(([from = a, to = b]) =>
		(['ip', 'ip6'] as const).flatMap(protocol =>
			oneWay(from, to, protocol, filtersIp[protocol]),
		),
	);
}

function oneWay(from: Port, to: Port, protocol: Protocol, filtersIp: boolean): Visit[] {
	const input = [from.name];
	const output = [to.name];
	const at = (see: Visit['sees'], devices: Pick<Traffic, 'input' | 'output'>): Visit => ({
		sees: see,
		traffic: {protocol, saddr: from.mac, daddr: to.mac, bridge: from.bridge, ...devices},
	});
	const bridged = (hook: string, devices: Pick<Traffic, 'input' | 'output'>) =>
		at((family, base) => family === 'bridge' && base.hook === hook, devices);
	const onDevice = (hook: string, name: string, devices: Pick<Traffic, 'input' | 'output'>) =>
		at((_, base) => base.hook === hook && coversDevice(base, name), devices);

	const ends = [
		// A vif's ingress is what its guest sends; dom0's own frames leave by the egress of its bridge device.
		onDevice(from.kind === 'vif' ? 'ingress' : 'egress', from.name, {
			input: from.kind === 'vif' ? input : undefined,
			output: from.kind === 'vif' ? undefined : input,
		}),
		onDevice(to.kind === 'vif' ? 'egress' : 'ingress', to.name, {
			input: to.kind === 'vif' ? undefined : output,
			output: to.kind === 'vif' ? output : undefined,
		}),
	];

	if (from.kind === 'host')
		return [
			...ends,
			bridged('output', {input: undefined, output}),
			bridged('postrouting', {input: undefined, output}),
		];
	if (to.kind === 'host')
		return [
			...ends,
			bridged('prerouting', {input, output: undefined}),
			bridged('input', {input, output: undefined}),
		];

	return [
		...ends,
		bridged('prerouting', {input, output: undefined}),
		bridged('forward', {input, output}),
		bridged('postrouting', {input: undefined, output}),
		...(filtersIp ? [seenByIp(from, to, at)] : []),
	];
}

/**
 * With bridge-nf-call-iptables the IP chains see bridged frames too, with the bridge or the port as device. Not for
 * dom0's own traffic: that passes its IP chains on a channel as well, where only `physdev` would miss its port.
 */
function seenByIp(
	from: Port,
	to: Port,
	at: (see: Visit['sees'], devices: Pick<Traffic, 'input' | 'output'>) => Visit,
): Visit {
	const visit: Visit = at(
		(family, base) =>
			(family === 'inet' || family === visit.traffic.protocol) &&
			['prerouting', 'forward', 'postrouting'].includes(base.hook),
		{input: [from.name, from.bridge], output: [to.name, to.bridge]},
	);

	return visit;
}

/** A chain that does not tell its devices may be on any. */
function coversDevice({devices}: NftBase, name: string): boolean {
	return devices === undefined || devices.some(device => matchesDevice(device, name));
}

/** nft's own wildcard: a `*` at the end. */
export function matchesDevice(pattern: string, name: string): boolean {
	return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
