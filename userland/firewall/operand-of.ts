// SPDX-License-Identifier: MIT
import {holds} from '../ip-range.ts';
import type {NftFamily} from '../nftables-js/index.ts';
import {exactly} from './fields.ts';
import {
	deviceIndex,
	deviceName,
	etherAddress,
	etherType,
	ipRange,
	macNumber,
	packetType,
	protocolFamily,
} from './literal.ts';
import {concatenation, plainOperand, unknownOperand, type Operand, type Side} from './operand.ts';
import type {Traffic} from './traffic.ts';
import type {Protocol} from './types.ts';

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
	if ((protocol === 'ip' || protocol === 'ip6') && field === 'saddr') {
		return sourceOperand(protocol);
	}
	if (typeof protocol === 'string') {
		return headerOperand(protocol);
	}

	return unknownOperand;
}

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
			return plainOperand(({protocol}) => protocol, etherType);
		case 'nfproto':
			// In the chains of a bridge or of a device it is that family's own number.
			return family === 'bridge' || family === 'netdev'
				? unknownOperand
				: plainOperand(({protocol}) => protocol, protocolFamily);
		case 'pkttype':
			return plainOperand(() => '', packetType);
		default:
			return unknownOperand;
	}
}

type DeviceField = 'input' | 'output' | 'inputBridge' | 'outputBridge';

function device(field: DeviceField, side: Side, parse: typeof deviceName): Operand {
	return {
		...plainOperand(traffic => traffic[field], parse),
		sides: [side],
		index: field === 'input' || field === 'output' ? field : undefined,
		isEmpty: traffic => traffic[field] === '',
	};
}

function etherOperand(field: unknown, family: NftFamily): Operand {
	if (field === 'type') {
		return plainOperand(
			traffic => (hasEthernet(traffic, family) ? traffic.protocol : undefined),
			etherType,
		);
	}

	return field === 'saddr' || field === 'daddr' ? addressOperand(field, family) : unknownOperand;
}

function addressOperand(field: 'saddr' | 'daddr', family: NftFamily, mask = 2 ** 48 - 1): Operand {
	const cut = (address: number) => Number(BigInt(address) & BigInt(mask));
	const read = (traffic: Traffic) => {
		const address = hasEthernet(traffic, family) ? macNumber(traffic[field]) : undefined;

		return address === undefined ? undefined : cut(address);
	};

	return {
		...plainOperand(read, etherAddress),
		sides: [field === 'saddr' ? 'from' : 'to'],
		index: field,
	};
}

/** IP chains ask first whether the input device is one of Ethernet, which is not so where there is none. */
function hasEthernet(traffic: Traffic, family: NftFamily): boolean {
	return traffic.hasEthernet || family === 'bridge' || family === 'netdev';
}

/**
 * nft compares a header only in packets that have it (it adds the check itself, unseen); tags no frame has. Any protocol
 * of IP may be in either version: `meta l4proto icmpv6 icmpv6 type 128` matches IPv4 packets, too.
 */
function headerOperand(header: string): Operand {
	const never = {
		ip: ['arp', 'vlan', 'ip6'],
		ip6: ['arp', 'vlan', 'ip'],
	};

	return {...unknownOperand, isMissing: ({protocol}) => never[protocol].includes(header)};
}

/** An IP address is known only as a range that it is in. */
function sourceOperand(header: Protocol): Operand {
	return {
		...headerOperand(header),
		sides: ['source'],
		isKnown: ({source}) => source !== undefined,
		literal(value) {
			const literal = ipRange(value);

			return {
				test: ({source}) => (literal && source ? holds(literal, source) : undefined),
			};
		},
	};
}

/** `ether saddr & MASK`. */
function maskedAddress([left, right]: readonly unknown[], family: NftFamily): Operand {
	const {index} = operandOf(left, family);
	const mask = macNumber(right);

	return (index === 'saddr' || index === 'daddr') && mask !== undefined
		? {...addressOperand(index, family, mask), index: undefined}
		: unknownOperand;
}
