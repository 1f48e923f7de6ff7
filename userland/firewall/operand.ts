// SPDX-License-Identifier: MIT
import type {NftFamily} from '../nftables-js/index.ts';
import {exactly} from './fields.ts';
import {
	deviceIndex,
	deviceName,
	etherAddress,
	etherType,
	macNumber,
	packetType,
	protocolFamily,
	type Literal,
} from './literal.ts';
import type {Traffic} from './traffic.ts';

/** Which of the two ports decides a value. */
export type Side = 'from' | 'to';

/** Values by which rules are found without asking each of them. */
export type Index = 'input' | 'output' | 'saddr' | 'daddr' | 'physin' | 'physout';

/** Whether all (true), none (false), or maybe some (undefined) of the packets have a literal's value. */
export type Test = (traffic: Traffic) => boolean | undefined;

/** Something that a rule compares. */
export type Operand = {
	/** The sides that decide what `literal` answers; none where nothing is known of the value. */
	readonly sides: readonly Side[];
	readonly index: Index | undefined;
	/** Whether every packet of this traffic has the same, known value. */
	isKnown(traffic: Traffic): boolean;
	/** Whether no packet of this traffic has it at all: then the rule does not match, whatever it compares with. */
	isMissing(traffic: Traffic): boolean;
	/** Whether it is a device where the kernel passes none: old kernels end the rule there, new ones compare ''. */
	isEmpty(traffic: Traffic): boolean;
	literal(value: unknown): {readonly test: Test; readonly exact?: string | undefined};
};

/** What the left side of a match, or the key of a map, stands for in a table of this family. */
export function operandOf(expression: unknown, family: NftFamily): Operand {
	const {key} = exactly(exactly(expression, 'meta')['meta'], 'key');
	const {protocol, field} = exactly(
		exactly(expression, 'payload')['payload'],
		'protocol',
		'field',
	);
	const {concat} = exactly(expression, 'concat');
	const {'&': masked} = exactly(expression, '&');

	if (Array.isArray(concat)) {
		return concatenation(concat.map(part => operandOf(part, family)));
	}
	if (Array.isArray(masked) && masked.length === 2) {
		return maskedAddress(masked, family);
	}
	if (typeof key === 'string') {
		return metaOperand(key, family);
	}
	if (protocol === 'ether') {
		return etherOperand(field, family);
	}
	if (typeof protocol === 'string') {
		return headerOperand(protocol);
	}

	return unknown;
}

const unknown: Operand = {
	sides: [],
	index: undefined,
	isKnown: () => false,
	isMissing: () => false,
	isEmpty: () => false,
	literal: () => ({test: () => undefined}),
};

function metaOperand(key: string, family: NftFamily): Operand {
	switch (key) {
		case 'iifname':
			return device('input', 'from', deviceName);
		case 'oifname':
			return device('output', 'to', deviceName);
		case 'iif':
			return device('input', 'from', deviceIndex);
		case 'oif':
			return device('output', 'to', deviceIndex);
		case 'ibrname':
			return device('inputBridge', 'from', deviceName);
		case 'obrname':
			return device('outputBridge', 'to', deviceName);
		case 'protocol':
			return plain(({protocol}) => protocol, etherType);
		case 'nfproto':
			// In the chains of a bridge or of a device it is that family's own number.
			return family === 'bridge' || family === 'netdev'
				? unknown
				: plain(({protocol}) => protocol, protocolFamily);
		case 'pkttype':
			return plain(() => '', packetType);
		default:
			return unknown;
	}
}

type DeviceField = 'input' | 'output' | 'inputBridge' | 'outputBridge';

function device(field: DeviceField, side: Side, parse: typeof deviceName): Operand {
	return {
		...plain(traffic => traffic[field], parse),
		sides: [side],
		index: field === 'input' || field === 'output' ? field : undefined,
		isEmpty: traffic => traffic[field] === '',
	};
}

function etherOperand(field: unknown, family: NftFamily): Operand {
	if (field === 'type') {
		return plain(
			traffic => (hasEthernet(traffic, family) ? traffic.protocol : undefined),
			etherType,
		);
	}

	return field === 'saddr' || field === 'daddr' ? addressOperand(field, family) : unknown;
}

function addressOperand(field: 'saddr' | 'daddr', family: NftFamily, mask = 2 ** 48 - 1): Operand {
	const cut = (address: number) => Number(BigInt(address) & BigInt(mask));
	const read = (traffic: Traffic) => {
		const address = hasEthernet(traffic, family) ? macNumber(traffic[field]) : undefined;

		return address === undefined ? undefined : cut(address);
	};

	return {
		...plain(read, etherAddress),
		sides: [field === 'saddr' ? 'from' : 'to'],
		index: field,
	};
}

/** IP chains ask first whether the input device is one of Ethernet, which is not so where there is none. */
function hasEthernet(traffic: Traffic, family: NftFamily): boolean {
	return traffic.hasEthernet || family === 'bridge' || family === 'netdev';
}

/** nft compares a header only in packets that have it (it adds the check itself, unseen); tags no frame has. */
function headerOperand(header: string): Operand {
	const never = {
		ip: ['arp', 'vlan', 'ip6', 'icmpv6'],
		ip6: ['arp', 'vlan', 'ip', 'icmp'],
	};

	return {...unknown, isMissing: ({protocol}) => never[protocol].includes(header)};
}

/** `ether saddr & MASK`. */
function maskedAddress([left, right]: readonly unknown[], family: NftFamily): Operand {
	const {index} = operandOf(left, family);
	const mask = macNumber(right);

	return (index === 'saddr' || index === 'daddr') && mask !== undefined
		? {...addressOperand(index, family, mask), index: undefined}
		: unknown;
}

function plain<T>(
	read: (traffic: Traffic) => T | undefined,
	parse: (literal: unknown) => Literal<T> | undefined,
): Operand {
	return {
		...unknown,
		isKnown: traffic => read(traffic) !== undefined,
		literal(value) {
			const literal = parse(value);

			return {
				exact: literal?.exact,
				test(traffic) {
					const found = read(traffic);

					return found === undefined ? undefined : literal?.is(found);
				},
			};
		},
	};
}

/** `iifname . ether saddr`: equal where all parts are. */
function concatenation(parts: readonly Operand[]): Operand {
	const indexed = parts.findIndex(({index}) => index !== undefined);

	return {
		sides: [...new Set(parts.flatMap(({sides}) => sides))],
		index: parts[indexed]?.index,
		isKnown: traffic => parts.every(part => part.isKnown(traffic)),
		isMissing: traffic => parts.some(part => part.isMissing(traffic)),
		isEmpty: traffic => parts.some(part => part.isEmpty(traffic)),
		literal(value) {
			const {concat} = exactly(value, 'concat');
			if (!Array.isArray(concat) || concat.length !== parts.length) {
				return unknown.literal(value);
			}
			const literals = parts.map((part, at) => part.literal(concat[at]));

			return {
				exact: literals[indexed]?.exact,
				test: traffic => allOf(literals.map(({test}) => test(traffic))),
			};
		},
	};
}

function allOf(results: readonly (boolean | undefined)[]): boolean | undefined {
	return results.includes(false) ? false : results.includes(undefined) ? undefined : true;
}
