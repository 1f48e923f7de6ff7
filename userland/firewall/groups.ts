// SPDX-License-Identifier: MIT
import type {NftRule} from '../nftables-js/index.ts';
import {parsePrefix} from '../prefixes.ts';
import {exactly} from './fields.ts';

/**
 * Whether the rule is for packets to multicast or broadcast addresses of IP alone. It is an obstacle all the same: the
 * sender chooses the frame's address, which is what a channel goes by, and what the peer's kernel diverts is its own
 * to say. Rules for the frames of groups are none.
 */
export function isForGroups({expr}: Pick<NftRule, 'expr'>): boolean {
	return expr.some(each => {
		const {op, left, right} = exactly(exactly(each, 'match')['match'], 'op', 'left', 'right');
		const {protocol, field} = exactly(exactly(left, 'payload')['payload'], 'protocol', 'field');
		const isDestination = (protocol === 'ip' || protocol === 'ip6') && field === 'daddr';

		return op === '==' && isDestination && isGroup(right);
	});
}

function isGroup(literal: unknown): boolean {
	const {set} = exactly(literal, 'set');
	const {range} = exactly(literal, 'range');
	const {addr, len} = exactly(exactly(literal, 'prefix')['prefix'], 'addr', 'len');

	if (Array.isArray(set)) {
		return set.length > 0 && set.every(isGroup);
	}
	if (Array.isArray(range)) {
		return range.every(isGroup);
	}

	return isGroupPrefix(addr === undefined ? String(literal) : `${String(addr)}/${String(len)}`);
}

/** 224.0.0.0/4 and 255.255.255.255 (RFC 5771, RFC 919), ff00::/8 (RFC 4291). */
function isGroupPrefix(text: string): boolean {
	const {version, address = '', length = 0} = parsePrefix(text) ?? {};

	switch (version) {
		case 4:
			return (
				address === '255.255.255.255' || (length >= 4 && /^2(?:2[4-9]|3\d)\./.test(address))
			);
		case 6:
			return length >= 8 && /^ff[\da-f]{2}:/.test(address);
		default:
			return false;
	}
}
