// SPDX-License-Identifier: MIT
import {Address4, Address6} from 'ip-address';

/** A range of IP addresses: `10.0.0.0/24`, `fd00::/64`. */
export type Prefix = {readonly version: 4 | 6; readonly address: string; readonly length: number};

/** What they look like; not all of it is one. */
export const prefixForm =
	/^(?:[0-9.]+(?:\/[0-9]{1,2})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:\/[0-9]{1,3})?)$/;

/** An address or a prefix of either version, whose host bits do not count. Undefined for anything else, zones among it. */
export function parsePrefix(text: string): Prefix | undefined {
	if (!prefixForm.test(text)) {
		return undefined;
	}
	const [version, parsed] = text.includes(':')
		? ([6, Address6.isValid(text) && new Address6(text)] as const)
		: ([4, Address4.isValid(text) && new Address4(text)] as const);

	return parsed
		? {version, address: parsed.startAddress().correctForm(), length: parsed.subnetMask}
		: undefined;
}

export function renderPrefix({address, length}: Prefix): string {
	return `${address}/${length}`;
}

/** In network order: 4, or 16. */
export function addressBytes({version, address}: Prefix): Uint8Array {
	const bytes = version === 4 ? new Address4(address).toArray() : padded(new Address6(address));

	return Uint8Array.from(bytes);
}

/** Without the zeros that the number does not need. */
function padded(address: Address6): number[] {
	const bytes = address.toUnsignedByteArray();

	return [...Array<number>(Math.max(0, 16 - bytes.length)).fill(0), ...bytes].slice(-16);
}

/** Sorted, none within another: nftables takes no ranges that overlap. */
export function mergePrefixes(prefixes: readonly Prefix[]): Prefix[] {
	const sorted = [...prefixes].sort(
		(a, b) => a.version - b.version || a.length - b.length || (a.address < b.address ? -1 : 1),
	);
	const kept: Prefix[] = [];

	for (const prefix of sorted) {
		if (!kept.some(each => containsPrefix(each, prefix))) {
			kept.push(prefix);
		}
	}

	return kept;
}

/** Of two of which one is within the other, or that are the halves of one: that one. */
export function joinPrefixes(one: Prefix, other: Prefix): Prefix | undefined {
	if (containsPrefix(one, other) || containsPrefix(other, one)) {
		return containsPrefix(one, other) ? one : other;
	}
	if (one.version !== other.version || one.length !== other.length || one.length === 0) {
		return undefined;
	}
	const [half, otherHalf] = [one, other].map(({version, address, length}) =>
		parsePrefix(renderPrefix({version, address, length: length - 1})),
	);

	return half?.address === otherHalf?.address ? half : undefined;
}

/** What is in one of each; of two prefixes one is within the other, or they have nothing in common. */
export function intersectPrefixes(ours: readonly Prefix[], theirs: readonly Prefix[]): Prefix[] {
	return mergePrefixes(
		ours.flatMap(one =>
			theirs.flatMap(other =>
				containsPrefix(one, other) ? [other] : containsPrefix(other, one) ? [one] : [],
			),
		),
	);
}

/** Is the second within the first? */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
	if (outer.version !== inner.version) {
		return false;
	}

	return outer.version === 4
		? new Address4(inner.address).isInSubnet(new Address4(renderPrefix(outer)))
		: new Address6(inner.address).isInSubnet(new Address6(renderPrefix(outer)));
}
