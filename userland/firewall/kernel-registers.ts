// SPDX-License-Identifier: MIT
import {viewOf} from '../kernel/attributes.ts';
import {attributes, numberOf, text, type Attributes} from './kernel-attributes.ts';

/** What a register holds, as libnftables-json(5) writes it, and what the data that it is compared with means. */
export type Loaded = {
	readonly left: unknown;
	readonly parse: (data: Uint8Array) => unknown;
	readonly isAddress?: true;
};

/** Right and left sides that the guard takes for anything. */
export const unknown = {unlisted: null};
export const somewhat: Loaded = {left: unknown, parse: () => unknown};

export type Registers = ReadonlyMap<number, Loaded>;

type Load = {
	/** The attribute that says which register is loaded. */
	readonly register: number;
	readonly value: Loaded;
};

/** Expressions that only load a register; undefined for all others. */
export function loadOf(name: string, found: Attributes, registers: Registers): Load | undefined {
	switch (name) {
		case 'meta':
			return found.has(3) || !found.has(1)
				? undefined
				: {register: 1, value: metaValue(numberOf(found.get(2)))};
		case 'payload':
			return found.has(5) || !found.has(1)
				? undefined
				: {register: 1, value: payloadValue([2, 3, 4].map(id => numberOf(found.get(id))))};
		case 'bitwise':
			return {register: 2, value: maskedValue(found, registers)};
		case 'ct':
			return found.has(4) || !found.has(1) ? undefined : {register: 1, value: somewhat};
		case 'exthdr':
		case 'fib':
		case 'rt':
			return found.has(1) ? {register: 1, value: somewhat} : undefined;
		case 'socket':
		case 'byteorder':
			return {register: 2, value: somewhat};
		default:
			return undefined;
	}
}

const keys: ReadonlyMap<number, readonly [key: string, parse: Loaded['parse']]> = new Map([
	[1, ['protocol', etherType]],
	[6, ['iifname', deviceName]],
	[7, ['oifname', deviceName]],
	[15, ['nfproto', byte({2: 'ipv4', 10: 'ipv6'})]],
	[17, ['ibrname', deviceName]],
	[18, ['obrname', deviceName]],
	[19, ['pkttype', byte({1: 'broadcast', 2: 'multicast'})]],
]);

function byte(names: Readonly<Record<number, string>>): Loaded['parse'] {
	return bytes => (bytes.length === 1 && names[bytes[0] ?? 0]) || unknown;
}

function etherType(bytes: Uint8Array): unknown {
	return bytes.length === 2 ? viewOf(bytes).getUint16(0) : unknown;
}

function metaValue(number: number): Loaded {
	const [key, parse] = keys.get(number) ?? [];

	return parse ? {left: {meta: {key}}, parse} : somewhat;
}

/** struct ifreq's names. */
const nameLength = 16;

/**
 * A whole name has its end, of a `*` only what comes before is compared. Longer data are those of several registers.
 * Names that hold a `*` are left alone.
 */
function deviceName(bytes: Uint8Array): unknown {
	const name = text(bytes);
	const isWhole = bytes.length === nameLength && bytes.includes(0);
	const isStart = bytes.length < nameLength && !bytes.includes(0);

	return name.includes('*') || name.includes('\\') || !(isWhole || isStart)
		? unknown
		: isWhole
			? name
			: `${name}*`;
}

/** By offset and length. */
const frameFields: ReadonlyMap<string, string> = new Map([
	['0 6', 'daddr'],
	['6 6', 'saddr'],
	['12 2', 'type'],
]);

/** Of the frame's own header; by base, offset and length. */
function payloadValue([base, offset, length]: readonly number[]): Loaded {
	if (base !== 0) {
		return somewhat;
	}
	const field = frameFields.get(`${offset} ${length}`);
	const left = {payload: {protocol: 'ether', field}};

	if (field === undefined) {
		return somewhat;
	}

	return field === 'type'
		? {left, parse: etherType}
		: {left, parse: bytes => (bytes.length === 6 ? macText(bytes) : unknown), isAddress: true};
}

function macText(bytes: Uint8Array): string {
	return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

/** `ether saddr & MASK`. */
function maskedValue(found: Attributes, registers: Registers): Loaded {
	const source = registers.get(numberOf(found.get(1)));
	const mask = attributes(found.get(4)).get(1);
	const xor = attributes(found.get(5)).get(1);
	const isMask = numberOf(found.get(6)) === 0 && xor?.every(byte => byte === 0) === true;

	return isMask && mask?.length === 6 && source?.isAddress
		? {left: {'&': [source.left, macText(mask)]}, parse: source.parse}
		: somewhat;
}
