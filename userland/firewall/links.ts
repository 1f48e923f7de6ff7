// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {fields} from './match.ts';

/** A device of dom0, as `ip -j -d link show` tells it. */
export type Link = {
	readonly name: string;
	readonly hasXdp: boolean;
	/** Where the device is a port of a bridge. */
	readonly port: BridgePort | undefined;
	/** Where it is a bridge. */
	readonly bridge: BridgeOptions | undefined;
};

export type BridgePort = {
	readonly bridge: string;
	/** Of the spanning tree; `forwarding` where all is well. */
	readonly state: string;
	readonly isolated: boolean;
	readonly locked: boolean;
};

export type BridgeOptions = {
	readonly filtersVlans: boolean;
	readonly callsIptables: boolean;
	readonly callsIp6tables: boolean;
};

/** How untagged frames enter a port, and which leave it untagged. */
export type PortVlans = {readonly pvid: number | undefined; readonly untagged: ReadonlySet<number>};

export function parseLinks(output: string): ReadonlyMap<string, Link> {
	return new Map(
		readList(output, 'ip link')
			.map(parseLink)
			.map(link => [link.name, link]),
	);
}

function parseLink(entry: Fields): Link {
	const {info_kind, info_slave_kind, info_data, info_slave_data} = fields(entry['linkinfo']);

	return {
		name: asName(entry['ifname'], 'ip link: ifname'),
		hasXdp: entry['xdp'] !== undefined,
		port:
			info_slave_kind === 'bridge'
				? parsePort(asName(entry['master'], 'ip link: master'), fields(info_slave_data))
				: undefined,
		bridge: info_kind === 'bridge' ? parseBridge(fields(info_data)) : undefined,
	};
}

/** What an old kernel does not tell it does not do; but a port without a state is not understood. */
function parsePort(bridge: string, data: Fields): BridgePort {
	return {
		bridge,
		state: asName(data['state'], 'ip link: state'),
		isolated: isOn(data['isolated']),
		locked: isOn(data['locked']),
	};
}

function parseBridge(data: Fields): BridgeOptions {
	return {
		filtersVlans: isOn(data['vlan_filtering']),
		callsIptables: isOn(data['nf_call_iptables']),
		callsIp6tables: isOn(data['nf_call_ip6tables']),
	};
}

/** `bridge -j vlan show`. */
export function parseVlans(output: string): ReadonlyMap<string, PortVlans> {
	return new Map(
		readList(output, 'bridge vlan').map(entry => {
			const vlans = asList(entry['vlans'], 'bridge vlan: vlans');
			return [asName(entry['ifname'], 'bridge vlan: ifname'), parsePortVlans(vlans)];
		}),
	);
}

function parsePortVlans(vlans: readonly Fields[]): PortVlans {
	const untagged = new Set<number>();
	let pvid: number | undefined;

	for (const {vlan, vlanEnd, flags} of vlans) {
		const first = Number(vlan);
		const has = (flag: string) => Array.isArray(flags) && flags.includes(flag);

		if (has('PVID')) pvid = first;
		if (has('Egress Untagged'))
			for (let id = first; id <= Number(vlanEnd ?? vlan); id++) untagged.add(id);
	}

	return {pvid, untagged};
}

export type Qdisc = {
	readonly device: string;
	readonly kind: string;
	/** `0:` where nobody gave it one. */
	readonly handle: string;
	readonly isRoot: boolean;
	readonly options: Fields;
};

/** `tc -j qdisc show`. */
export function parseQdiscs(output: string): Qdisc[] {
	return readList(output, 'tc qdisc').map(({dev, kind, handle, root, options}) => ({
		device: asName(dev, 'tc qdisc: dev'),
		kind: asName(kind, 'tc qdisc: kind'),
		handle: asName(handle, 'tc qdisc: handle'),
		isRoot: isOn(root),
		options: fields(options),
	}));
}

/** `tc -j filter show`: the kinds of classifier, once each. */
export function parseFilters(output: string): string[] {
	return [...new Set(readList(output, 'tc filter').map(({kind}) => String(kind)))];
}

type Fields = Readonly<Record<string, unknown>>;

function isOn(value: unknown): boolean {
	return value !== undefined && value !== 0 && value !== false;
}

function asName(value: unknown, at: string): string {
	return typeof value === 'string' ? value : refuse('a name', value, at);
}

function asList(value: unknown, at: string): Fields[] {
	return Array.isArray(value) ? value.map(fields) : refuse('a list', value, at);
}

/** The tools print nothing at all where there is nothing, and empty objects for what they leave out. */
function readList(output: string, at: string): Fields[] {
	if (output.trim() === '') return [];

	try {
		const parsed: unknown = JSON.parse(output);
		return asList(parsed, at).filter(entry => Object.keys(entry).length > 0);
	} catch (cause) {
		if (cause instanceof ColoopError) throw cause;
		throw new ColoopError('FIREWALL', `${at}: expected JSON, got ${output.slice(0, 80)}`, {
			cause,
		});
	}
}

function refuse(expected: string, got: unknown, at: string): never {
	throw new ColoopError(
		'FIREWALL',
		`${at}: expected ${expected}, got ${String(JSON.stringify(got))}`,
	);
}
