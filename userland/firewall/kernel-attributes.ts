// SPDX-License-Identifier: MIT
import {attributesOf, viewOf} from '../kernel/attributes.ts';

export type Attributes = ReadonlyMap<number, Uint8Array>;

export function attributes(bytes: Uint8Array = new Uint8Array(0)): Attributes {
	return new Map([...attributesOf(bytes)].map(({id, payload}) => [id, payload]));
}

export function text(bytes: Uint8Array = new Uint8Array(0)): string {
	const end = bytes.indexOf(0);

	return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString();
}

/** Netfilter's numbers are in the network's byte order. */
export function numberOf(bytes: Uint8Array = new Uint8Array(4)): number {
	return bytes.length === 4 ? viewOf(bytes).getUint32(0) : -1;
}
