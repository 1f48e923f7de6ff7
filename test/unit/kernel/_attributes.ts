// SPDX-License-Identifier: MIT
import type {Message} from '../../../userland/kernel/message.ts';

/** An attribute as the kernel lays it out: length, number, value, padding. Values of one number are of that many bytes. */
export function attribute(id: number, value: Uint8Array | string | readonly number[]): Uint8Array {
	const payload = typeof value === 'string' ? Buffer.from(`${value}\0`) : Uint8Array.from(value);
	const bytes = new Uint8Array((4 + payload.length + 3) & ~3);

	new Uint16Array(bytes.buffer, 0, 2).set([4 + payload.length, id]);
	bytes.set(payload, 4);

	return bytes;
}

export function nest(id: number, ...members: readonly Uint8Array[]): Uint8Array {
	return attribute(id, Buffer.concat(members));
}

/** Numbers of the machine's own byte order. */
export function u16(...values: readonly number[]): Uint8Array {
	return new Uint8Array(Uint16Array.from(values).buffer);
}

export function u32(...values: readonly number[]): Uint8Array {
	return new Uint8Array(Uint32Array.from(values).buffer);
}

export function message(
	type: number,
	header: Uint8Array,
	...attributes: readonly Uint8Array[]
): Message {
	return {type, flags: 0, sequence: 1, payload: Buffer.concat([header, ...attributes])};
}
