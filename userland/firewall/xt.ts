// SPDX-License-Identifier: MIT
import {littleEndian, viewOf} from '../kernel/attributes.ts';
import type {NftFamily} from '../nftables-js/index.ts';
import {exactly, fields} from './fields.ts';
import type {Condition} from './match.ts';
import {macNumber} from './literal.ts';
import {compilePhysdev, type PortCondition} from './physdev.ts';

/**
 * Matches of iptables and ebtables that look at the packet, at what is known of it or at the clock, and do nothing else:
 * they leave no record that decides about later packets, as `limit`, `recent`, `statistic` or a program of `bpf` do, and
 * change nothing, as `connlabel` and `osf` can.
 */
const plainMatches: ReadonlySet<unknown> = new Set([
	...['802_3', 'addrtype', 'ah', 'among', 'arp', 'cgroup', 'comment', 'connbytes'],
	...['connmark', 'conntrack', 'cpu', 'dccp', 'devgroup', 'dscp', 'dst', 'ecn', 'esp', 'eui64'],
	...['frag', 'hbh', 'helper', 'hl', 'icmp', 'icmp6', 'ip', 'ip6', 'ipcomp', 'iprange'],
	...['ipv6header', 'l2tp', 'length', 'mac', 'mark', 'mark_m', 'mh', 'multiport', 'owner'],
	...['physdev', 'pkttype', 'policy', 'realm', 'rpfilter', 'rt', 'sctp', 'set', 'socket'],
	...['state', 'stp', 'string', 'tcp', 'tcpmss', 'time', 'tos', 'ttl', 'u32', 'udp', 'vlan'],
]);

/** An `xt` statement that only looks; undefined for a target, and for a match that may do more or has no name. */
export function compileXt(xt: unknown): Condition | PortCondition | undefined {
	const {type, name, mac, pkttype} = fields(xt);
	if (type !== 'match' || !plainMatches.has(name)) {
		return undefined;
	}
	if (name === 'physdev') {
		return compilePhysdev(xt);
	}
	if (name === 'mac') {
		return compileMac(exactly(mac, 'address', 'isInverted'));
	}

	if (name === 'pkttype') {
		return compilePacketType(exactly(pkttype, 'number', 'isInverted'));
	}

	return {sides: [], test: () => (name === 'comment' ? 'always' : 'maybe')};
}

/** The condition of a statement that asks, or may ask, for a port of the bridge. */
export function portConditionOf(statement: unknown): PortCondition[] {
	const {xt} = fields(statement);
	// Libraries that do not tell the name may not tell a match from a target either.
	const {type = 'match', name} = fields(xt);
	const mayAsk =
		xt !== undefined && type === 'match' && (typeof name !== 'string' || name === 'physdev');

	return mayAsk ? [compilePhysdev(xt)] : [];
}

/** Options of iptables' match `mac`. */
type MacOptions = {readonly address: string; readonly isInverted: boolean};

/** struct xt_mac_info (linux/netfilter/xt_mac.h): six bytes, two of padding, an int. */
export function parseMac(info: Uint8Array): MacOptions | undefined {
	return info.length < 12
		? undefined
		: {
				address: [...info.subarray(0, 6)]
					.map(byte => byte.toString(16).padStart(2, '0'))
					.join(':'),
				isInverted: info.subarray(8, 12).some(byte => byte !== 0),
			};
}

function compileMac({address, isInverted}: Readonly<Record<string, unknown>>): Condition {
	const number = macNumber(address);

	return {
		sides: ['from'],
		// Where there is no input device, the match has nothing to look at.
		test: ({saddr, input}) =>
			number === undefined || input === ''
				? 'maybe'
				: (macNumber(saddr) === number) === (isInverted === false)
					? 'always'
					: 'never',
	};
}

/** Options of `pkttype`, of iptables and of ebtables. */
type PacketTypeOptions = {readonly number: number; readonly isInverted: boolean};

/** struct xt_pkttype_info (linux/netfilter/xt_pkttype.h), two ints, or ebt_pkttype_info, two bytes. */
export function parsePacketType(
	info: Uint8Array,
	family: NftFamily,
): PacketTypeOptions | undefined {
	const [size, view] = [family === 'bridge' ? 1 : 4, viewOf(info)];
	if (info.length < 2 * size) {
		return undefined;
	}
	const read = (at: number) =>
		size === 1 ? view.getUint8(at) : view.getUint32(at, littleEndian);

	return {number: read(0), isInverted: read(size) !== 0};
}

/** PACKET_BROADCAST and PACKET_MULTICAST (linux/if_packet.h): what goes to one guest is neither. */
function compilePacketType({number, isInverted}: Readonly<Record<string, unknown>>): Condition {
	const isOther = number === 1 || number === 2;

	return {
		sides: [],
		test: () => (isOther ? (isInverted === true ? 'always' : 'never') : 'maybe'),
	};
}
