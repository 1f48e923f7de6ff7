// SPDX-License-Identifier: MIT
import type {NftFamily} from '../../userland/nftables-js/index.ts';
import type {Packet, Stop} from './packet.ts';

/** A packet at a hook, in a chain of a family. */
export type Context = {readonly packet: Packet; readonly stop: Stop; readonly family: NftFamily};

/** Of a value that the packet does not have: the rule ends there. */
export const broken = Symbol('broken');

export type Value = string | number | boolean | readonly Value[] | typeof broken;

/** What libnftables-json(5) writes, as far as the generator does. */
export type Literal =
	| string
	| number
	| boolean
	| {
			readonly concat?: readonly Literal[];
			readonly range?: readonly [string, string];
			readonly prefix?: {readonly addr: string; readonly len: number};
	  };

export type Expression = {
	readonly meta?: {readonly key: string};
	readonly payload?: {
		readonly tunnel?: string;
		readonly protocol: string;
		readonly field: string;
	};
	readonly concat?: readonly Expression[];
	readonly '&'?: readonly [Expression, string];
	readonly ct?: object;
	readonly fib?: object;
};

const coinOf = (name: string) => [...name].reduce((sum, each) => sum + each.charCodeAt(0), 0) % 16;

/** True of some packets: of those that have that coin. */
export function toss({packet}: Context, name: string): boolean {
	return ((packet.coins >> coinOf(name)) & 1) === 1;
}

/** What nft's expression loads into a register. */
export function load(expression: Expression, context: Context): Value {
	const {meta, payload, concat, '&': masked, ct, fib} = expression;

	if (concat) {
		const values = concat.map(part => load(part, context));

		return values.includes(broken) ? broken : values;
	}
	if (masked) {
		const value = load(masked[0], context);

		return value === broken ? broken : andMac(String(value), masked[1]);
	}
	if (meta) {
		return loadMeta(meta.key, context);
	}
	if (payload) {
		return loadPayload(payload, context);
	}
	if (ct) {
		return context.packet.state;
	}
	if (fib) {
		return toss(context, 'fib');
	}

	throw new Error(`an expression without a meaning: ${JSON.stringify(expression)}`);
}

function loadMeta(key: string, context: Context): Value {
	const {packet, stop, family} = context;
	const master = (device: string | undefined) =>
		device === undefined ? '' : device.startsWith('vif') ? packet.from.bridge : '';

	switch (key) {
		case 'iifname':
		case 'iif':
			return stop.input ?? '';
		case 'oifname':
		case 'oif':
			return stop.output ?? '';
		case 'ibrname':
			return master(stop.input);
		case 'obrname':
			return master(stop.output);
		case 'protocol':
			return packet.isIp6 ? 0x86dd : 0x0800;
		case 'nfproto':
			return family === 'bridge' || family === 'netdev'
				? family
				: packet.isIp6
					? 'ipv6'
					: 'ipv4';
		case 'l4proto':
			return packet.isTcp ? 'tcp' : 'udp';
		case 'pkttype':
			return packet.type;
		case 'mark':
			return toss(context, 'mark') ? 1 : 0;
		case 'iifgroup':
			return stop.input === undefined ? broken : toss(context, 'iifgroup') ? 1 : 0;
		default:
			throw new Error(`a meta key without a meaning: ${key}`);
	}
}

function loadPayload(
	{tunnel, protocol, field}: NonNullable<Expression['payload']>,
	context: Context,
): Value {
	const {packet, stop, family} = context;
	const l4 = packet.isTcp ? 'tcp' : 'udp';
	const l3 = packet.isIp6 ? 'ip6' : 'ip';

	if (tunnel !== undefined) {
		return toss(context, 'tunnel') ? packet.from.mac : '02:00:00:00:00:77';
	}
	if (protocol === 'ether') {
		// nft asks for "meta iiftype ether" first, unless the family is one of Ethernet anyway.
		if (family !== 'bridge' && family !== 'netdev' && stop.input === undefined) {
			return broken;
		}
		if (field === 'saddr') {
			return packet.from.mac;
		}

		return field === 'daddr' ? packet.to.mac : packet.isIp6 ? 0x86dd : 0x0800;
	}
	if (protocol === 'ip' || protocol === 'ip6') {
		return protocol === l3 ? packet.saddr : broken;
	}
	if (protocol === 'tcp' || protocol === 'udp') {
		return protocol === l4 ? packet.dport : broken;
	}
	if (protocol === 'th') {
		return packet.dport;
	}

	// ARP, tags, ICMP: none of our packets has any.
	return broken;
}

function andMac(left: string, right: string): string {
	const [a, b] = [left, right].map(mac => mac.split(':').map(byte => Number.parseInt(byte, 16)));

	return (a ?? []).map((byte, at) => hex(byte & (b?.[at] ?? 0))).join(':');
}

function hex(byte: number): string {
	return byte.toString(16).padStart(2, '0');
}

const types: Readonly<Record<string, number>> = {
	ip: 0x0800,
	ip6: 0x86dd,
	arp: 0x0806,
	'8021q': 0x8100,
};

/** Whether a loaded value is what a rule's literal says; `key` is the expression that it was loaded from. */
export function equals(value: Value, literal: Literal, key: Expression): boolean {
	if (typeof literal === 'object') {
		return equalsObject(value, literal, key);
	}
	if (literal === '*') {
		return true;
	}
	const meta = key.meta?.key ?? '';

	if (meta === 'iif' || meta === 'oif') {
		return value === literal;
	}
	if (meta.endsWith('name')) {
		return isName(String(value), String(literal));
	}
	const isType = meta === 'protocol' || key.payload?.field === 'type';

	return value === (isType ? (types[String(literal)] ?? literal) : literal);
}

function equalsObject(value: Value, literal: Literal & object, key: Expression): boolean {
	const {concat, range, prefix} = literal;

	if (concat && Array.isArray(value)) {
		const parts = key.concat ?? [];

		return parts.every((part, at) => equals(value[at] as Value, concat[at] as Literal, part));
	}
	if (key.payload?.protocol === 'ip' || key.payload?.protocol === 'ip6') {
		return isAddressIn(String(value), literal);
	}
	if (range) {
		return range[0] <= String(value) && String(value) <= range[1];
	}
	if (!prefix) {
		throw new Error(`a literal without a meaning: ${JSON.stringify(literal)}`);
	}
	const ones = 2n ** 48n - 2n ** BigInt(48 - prefix.len);
	const digits = ones.toString(16).padStart(12, '0');
	const mask = digits.replace(/..(?=.)/g, '$&:');

	return andMac(String(value), mask) === andMac(prefix.addr, mask);
}

/** Of our packets the last part alone tells addresses of a version apart. */
function isAddressIn(address: string, {range, prefix}: Literal & object): boolean {
	const last = (text: string) =>
		text.includes(':')
			? Number.parseInt(text.split(':').at(-1) || '0', 16)
			: Number(text.split('.').at(-1));
	if (range) {
		return last(range[0]) <= last(address) && last(address) <= last(range[1]);
	}
	if (!prefix) {
		throw new Error('an address without a meaning');
	}
	const bits = prefix.addr.includes(':') ? 128 : 32;
	const size = 2 ** (bits - prefix.len);

	return (
		prefix.len === 0 ||
		Math.floor(last(address) / size) === Math.floor(last(prefix.addr) / size)
	);
}

function isName(name: string, literal: string): boolean {
	if (literal.endsWith('\\*')) {
		return name === `${literal.slice(0, -2)}*`;
	}

	return literal.endsWith('*')
		? name.slice(0, literal.length - 1) === literal.slice(0, -1)
		: name === literal;
}
