// SPDX-License-Identifier: MIT
import {endianness} from 'node:os';
import {ColoopError} from '../errors.ts';

/** How an attribute set looks on the wire; constants.ts holds those of our own family. */
export type AttributeTable = {readonly [name: string]: Attribute};

type Scalar = 'flag' | 'u8' | 'u16' | 'u32' | 'u64' | 'string' | 'binary' | 'pad';

export type Attribute =
	| {readonly id: number; readonly type: Scalar}
	/** `multi`: the attribute may be repeated, and its value is an array. */
	| {
			readonly id: number;
			readonly type: 'nest';
			readonly set: AttributeTable;
			readonly multi?: boolean;
	  }
	/** A nest whose members are nests without names. */
	| {readonly id: number; readonly type: 'list'; readonly set: AttributeTable};

type ScalarValues = {
	flag: true;
	u8: number;
	u16: number;
	u32: number;
	u64: bigint;
	string: string;
	binary: Uint8Array;
	pad: never;
};

type ValueOf<A extends Attribute> = A extends {type: Scalar}
	? ScalarValues[A['type']]
	: A extends {type: 'list'; set: infer S extends AttributeTable}
		? readonly Values<S>[]
		: A extends {set: infer S extends AttributeTable; multi: true}
			? readonly Values<S>[]
			: A extends {set: infer S extends AttributeTable}
				? Values<S>
				: never;

/** The values of a set; any of them may be absent. */
export type Values<T extends AttributeTable> = {
	readonly [K in keyof T]?: ValueOf<T[K]> | undefined;
};

/** Netlink speaks the machine's own byte order. */
export const littleEndian = endianness() === 'LE';

/** Bytes before an attribute's payload: its length, these included, and its number. */
export const headerLength = 4;
const typeMask = 0x3fff;

/** Netlink pads everything to four bytes. */
export function align(length: number): number {
	return (length + 3) & ~3;
}

/** The name of the attribute that starts at that byte, `link.ifindex` inside a nest. */
export function attributeAt(
	table: AttributeTable,
	bytes: Uint8Array,
	offset: number,
): string | undefined {
	for (const {id, payload, start} of attributesOf(bytes)) {
		const [name, attribute] = Object.entries(table).find(([, each]) => each.id === id) ?? [];

		const end = start + headerLength + payload.length;

		if (start === offset) {
			return name;
		}
		if (attribute?.type === 'nest' && offset > start && offset < end) {
			const inner = attributeAt(attribute.set, payload, offset - start - headerLength);

			return inner === undefined ? name : `${name}.${inner}`;
		}
	}

	return undefined;
}

/** The attributes of one set, in the order of the bytes. */
export function* attributesOf(bytes: Uint8Array) {
	const view = viewOf(bytes);

	for (let start = 0; start < bytes.length;) {
		const length =
			start + headerLength <= bytes.length ? view.getUint16(start, littleEndian) : 0;

		if (length < headerLength || start + length > bytes.length) {
			throw new ColoopError(
				'PROTOCOL',
				`netlink attribute at byte ${start}: expected ${headerLength} to ${bytes.length - start} bytes, got ${length}`,
			);
		}
		const id = view.getUint16(start + 2, littleEndian) & typeMask;

		yield {id, start, payload: bytes.subarray(start + headerLength, start + length)};
		start += align(length);
	}
}

export function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
