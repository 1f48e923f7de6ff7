// SPDX-License-Identifier: MIT
import {addressBytes, parsePrefix, type Prefix} from './prefixes.ts';

/** Addresses of one version of IP, from the first to the last: as many hexadecimal digits each, so that texts compare as numbers do. */
export type IpRange = {readonly first: string; readonly last: string};

/** Whether all (true), none (false) or some (undefined) of the second's addresses are in the first. */
export function holds(range: IpRange, some: IpRange): boolean | undefined {
	if (range.first.length !== some.first.length) {
		return false;
	}
	if (range.first <= some.first && some.last <= range.last) {
		return true;
	}

	return range.last < some.first || some.last < range.first ? false : undefined;
}

export function rangeOf(prefix: Prefix): IpRange {
	const first = Buffer.from(addressBytes(prefix)).toString('hex');
	const bits = first.length * 4;
	const rest = (1n << BigInt(bits - prefix.length)) - 1n;
	const last = (BigInt(`0x${first}`) | rest).toString(16).padStart(first.length, '0');

	return {first, last};
}

/** From one address to another; undefined for what are not two of one version, in this order. */
export function rangeBetween(first: unknown, last: unknown): IpRange | undefined {
	const [from, to] = [first, last]
		.map(each => parsePrefix(String(each)))
		.map(each => each && rangeOf(each));

	return from && to && from.first.length === to.first.length && from.first <= to.last
		? {first: from.first, last: to.last}
		: undefined;
}

/** Those of one version, each for itself; one that is undefined, for anywhere, where nothing is said. */
export function rangesOf(
	prefixes: readonly Prefix[] | undefined,
	protocol: 'ip' | 'ip6',
): readonly (IpRange | undefined)[] {
	return prefixes === undefined
		? [undefined]
		: prefixes.filter(({version}) => (version === 4) === (protocol === 'ip')).map(rangeOf);
}
