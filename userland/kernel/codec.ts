// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {
	align,
	type Attribute,
	attributesOf,
	type AttributeTable,
	headerLength,
	littleEndian,
	type Values,
	viewOf,
} from './attributes.ts';

const nestedFlag = 0x8000;
const integers = {u8: 1, u16: 2, u32: 4, u64: 8} as const;

export function encode<T extends AttributeTable>(table: T, values: Values<T>): Uint8Array {
	const parts: Uint8Array[] = [];

	for (const [name, attribute] of Object.entries(table)) {
		const value: unknown = values[name];
		const repeated = attribute.type === 'nest' && attribute.multi === true;

		for (const each of repeated && Array.isArray(value) ? value : [value]) {
			if (each !== undefined && each !== false) {
				parts.push(encodeOne(name, attribute, each));
			}
		}
	}

	return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
	const {buffer, byteOffset, length} = Buffer.concat(parts);

	return new Uint8Array(buffer, byteOffset, length);
}

/** Unknown attributes are skipped; ones that do not fit or have a wrong size throw. */
export function decode<T extends AttributeTable>(table: T, bytes: Uint8Array): Values<T> {
	const result: Record<string, unknown> = {};
	const byId = new Map(Object.entries(table).map(entry => [entry[1].id, entry] as const));

	for (const {id, payload} of attributesOf(bytes)) {
		const [name, attribute] = byId.get(id) ?? [];

		if (name === undefined || attribute === undefined || attribute.type === 'pad') {
			continue;
		}
		const value = decodeOne(name, attribute, payload);
		const before = result[name];

		if (attribute.type === 'nest' && attribute.multi === true) {
			result[name] = Array.isArray(before) ? [...before, value] : [value];
		} else {
			result[name] = value;
		}
	}

	return result as Values<T>;
}

function encodeOne(name: string, attribute: Attribute, value: unknown): Uint8Array {
	const payload = encodeValue(name, attribute, value);
	const bytes = new Uint8Array(align(headerLength + payload.length));
	const view = viewOf(bytes);
	const nested = attribute.type === 'nest' || attribute.type === 'list';

	view.setUint16(0, headerLength + payload.length, littleEndian);
	view.setUint16(2, attribute.id | (nested ? nestedFlag : 0), littleEndian);
	bytes.set(payload, headerLength);

	return bytes;
}

function encodeValue(name: string, attribute: Attribute, value: unknown): Uint8Array {
	if (attribute.type === 'nest' && typeof value === 'object') {
		return encode(attribute.set, {...value});
	}
	if (attribute.type === 'flag' && value === true) {
		return new Uint8Array();
	}
	if (attribute.type === 'string' && typeof value === 'string') {
		return Buffer.from(`${value}\0`);
	}
	if (attribute.type === 'binary' && value instanceof Uint8Array) {
		return value;
	}
	if (attribute.type === 'u64' && typeof value === 'bigint') {
		const bytes = new Uint8Array(8);
		viewOf(bytes).setBigUint64(0, value, littleEndian);

		return bytes;
	}
	if (isSmallInteger(attribute.type) && typeof value === 'number') {
		return encodeInteger(name, integers[attribute.type], value);
	}
	throw new TypeError(`${name}: expected ${attribute.type}, got ${typeof value}`);
}

function encodeInteger(name: string, length: 1 | 2 | 4, value: number): Uint8Array {
	if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * length)) {
		throw new RangeError(`${name}: expected an integer of ${length} bytes, got ${value}`);
	}
	const bytes = new Uint8Array(4);

	viewOf(bytes).setUint32(0, value, true);

	return littleEndian ? bytes.subarray(0, length) : bytes.subarray(0, length).reverse();
}

function isSmallInteger(type: Attribute['type']): type is 'u8' | 'u16' | 'u32' {
	return type === 'u8' || type === 'u16' || type === 'u32';
}

function decodeOne(name: string, attribute: Attribute, payload: Uint8Array): unknown {
	const view = viewOf(payload);

	if (attribute.type in integers) {
		expectLength(name, payload, integers[attribute.type as keyof typeof integers]);
	}
	switch (attribute.type) {
		case 'u8':
			return view.getUint8(0);
		case 'u16':
			return view.getUint16(0, littleEndian);
		case 'u32':
			return view.getUint32(0, littleEndian);
		case 'u64':
			return view.getBigUint64(0, littleEndian);
		case 'string':
			return Buffer.from(payload).toString('utf8').replace(/\0.*$/s, '');
		case 'binary':
			return payload;
		case 'nest':
			return decode(attribute.set, payload);
		case 'list':
			return [...attributesOf(payload)].map(each => decode(attribute.set, each.payload));
		case 'flag':
		case 'pad':
			return true;
	}
}

function expectLength(name: string, payload: Uint8Array, length: number): void {
	if (payload.length !== length) {
		throw new ColoopError(
			'PROTOCOL',
			`netlink attribute ${name}: expected ${length} bytes, got ${payload.length}`,
		);
	}
}
