// SPDX-License-Identifier: MIT
import {rangeBetween, rangeOf, type IpRange} from '../ip-range.ts';
import {parsePrefix} from '../prefixes.ts';
import {exactly, fields} from './fields.ts';
import {matchesDevice} from './traffic.ts';

/** Whether a value of the traffic is what a literal says. */
type Is<T> = (value: T) => boolean;

/** What a rule's literal means for one kind of value; `exact` where it means one value only. */
export type Literal<T> = {readonly is: Is<T>; readonly exact?: string};

/** A device's name, or nft's wildcard; undefined where that is not known: a number, an escaped star. */
export function deviceName(literal: unknown): Literal<string> | undefined {
	if (typeof literal !== 'string' || literal === '' || literal.includes('\\')) {
		return undefined;
	}
	if (literal.endsWith('*')) {
		return {is: name => matchesDevice(literal, name)};
	}

	return {is: name => name === literal, exact: literal};
}

/** `iif` and `oif` compare an index, which nft prints as the name of today's device; a star is part of a name. */
export function deviceIndex(literal: unknown): Literal<string> | undefined {
	return typeof literal === 'string' && literal.endsWith('*') ? undefined : deviceName(literal);
}

/** An Ethernet address, a range of them, or those of a prefix. */
export function etherAddress(literal: unknown): Literal<number> | undefined {
	const {range} = exactly(literal, 'range');
	const {prefix} = exactly(literal, 'prefix');
	const address = macNumber(literal);

	if (address !== undefined) {
		return {is: value => value === address, exact: String(literal).toLowerCase()};
	}
	if (Array.isArray(range)) {
		return within(macNumber(range[0]), macNumber(range[1]));
	}
	const {addr, len} = exactly(prefix, 'addr', 'len');
	const first = macNumber(addr);
	if (first === undefined || typeof len !== 'number' || !(len >= 0 && len <= 48)) {
		return undefined;
	}
	const size = 2 ** (48 - len);

	return within(first - (first % size), first - (first % size) + size - 1);
}

function within(first: number | undefined, last: number | undefined): Literal<number> | undefined {
	return first === undefined || last === undefined
		? undefined
		: {is: value => first <= value && value <= last};
}

/** An IP address, a range of them, or a prefix; of either version. */
export function ipRange(literal: unknown): IpRange | undefined {
	const {range} = exactly(literal, 'range');
	const {addr, len} = exactly(exactly(literal, 'prefix')['prefix'], 'addr', 'len');

	if (Array.isArray(range)) {
		return rangeBetween(range[0], range[1]);
	}
	const text = addr === undefined ? literal : `${String(addr)}/${String(len)}`;
	const prefix = typeof text === 'string' ? parsePrefix(text) : undefined;

	return prefix && rangeOf(prefix);
}

/** All 48 bits, which a number holds exactly; undefined for anything but six bytes in hex. */
export function macNumber(text: unknown): number | undefined {
	return typeof text === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)
		? Number.parseInt(text.replaceAll(':', ''), 16)
		: undefined;
}

const etherTypes: ReadonlyMap<unknown, number> = new Map([
	['ip', 0x0800],
	['arp', 0x0806],
	['vlan', 0x8100],
	['8021q', 0x8100],
	['ip6', 0x86dd],
	['8021ad', 0x88a8],
]);

export function etherType(literal: unknown): Literal<string> | undefined {
	const type = typeof literal === 'number' ? literal : etherTypes.get(literal);

	return type === undefined ? undefined : {is: protocol => etherTypes.get(protocol) === type};
}

export function protocolFamily(literal: unknown): Literal<string> | undefined {
	const protocol = {ipv4: 'ip', ipv6: 'ip6'}[String(literal)];

	return protocol === undefined ? undefined : {is: value => value === protocol};
}

/** Frames to one guest are unicast; whether that is to this host or to another depends on the hook. */
export function packetType(literal: unknown): Literal<string> | undefined {
	return literal === 'broadcast' || literal === 'multicast' ? {is: () => false} : undefined;
}

/** What a set's element stands for. */
export function elementValue(element: unknown): unknown {
	return exactly(element, 'elem')['elem'] === undefined
		? element
		: fields(fields(element)['elem'])['val'];
}

/** Whether an element does more than to be in the set, or no longer is one day: it limits what it matches. */
export function isStateful(element: unknown): boolean {
	const inner = fields(fields(element)['elem']);

	return Object.keys(inner).some(
		key => !['val', 'comment', 'counter', 'timeout', 'expires'].includes(key),
	);
}
