// SPDX-License-Identifier: MIT
import {localName, localPort} from './types.ts';

/** All frames of one protocol from one port to another: unicast, and without a VLAN tag. */
export type Frames = {
	/** OpenFlow's number of the port by which they enter. */
	readonly inPort: number;
	readonly source: string;
	readonly destination: string;
	readonly protocol: 'ip' | 'ip6';
};

/** Of all the frames: does it match each, perhaps some, or none? */
export type Certainty = 'always' | 'maybe' | 'never';

/** What a flow that matches all of these fields does; a field that is not known may match or not. */
export function matchFrames(match: readonly string[], frames: Frames): Certainty {
	const found = match.map(field => matchField(field, frames));

	return found.includes('never') ? 'never' : found.includes('maybe') ? 'maybe' : 'always';
}

function matchField(field: string, frames: Frames): Certainty {
	const at = field.indexOf('=');
	if (at < 0) {
		return matchProtocol(field, frames.protocol);
	}
	const value = field.slice(at + 1);

	switch (field.slice(0, at)) {
		case 'in_port':
			return matchPort(value, frames.inPort);
		case 'dl_src':
			return matchAddress(value, frames.source);
		case 'dl_dst':
			return matchAddress(value, frames.destination);
		case 'dl_type':
			return matchNumber(value, etherTypes[frames.protocol]);
		/* 0xffff stands for frames without a tag. */
		case 'dl_vlan':
			return matchNumber(value, 0xffff);
		case 'vlan_tci':
			return matchMasked(value, 0);
		default:
			return 'maybe';
	}
}

const etherTypes = {ip: 0x0800, ip6: 0x86dd} as const;

/** ovs-ofctl's short words for types of frames, and for IP protocols in either version. */
const within = {
	ip: ['tcp', 'udp', 'icmp', 'sctp'],
	ip6: ['tcp6', 'udp6', 'icmp6', 'sctp6'],
} as const satisfies Record<Frames['protocol'], readonly string[]>;
const whole = {ip: 'ip', ip6: 'ipv6'} as const;
const others: readonly string[] = ['arp', 'rarp', 'mpls', 'mplsm'];

function matchProtocol(word: string, protocol: Frames['protocol']): Certainty {
	const other = protocol === 'ip' ? 'ip6' : 'ip';
	const isIn = (one: Frames['protocol']) => (within[one] as readonly string[]).includes(word);

	if (word === whole[protocol]) {
		return 'always';
	}

	return word === whole[other] || isIn(other) || others.includes(word) ? 'never' : 'maybe';
}

/** The port by which a frame must enter to match; undefined where none is asked for, or none that we know. */
export function portOf(match: readonly string[]): number | undefined {
	const field = match.find(each => each.startsWith('in_port='));

	return field === undefined ? undefined : portNumber(field.slice('in_port='.length));
}

function portNumber(text: string): number | undefined {
	const number = text === localName ? localPort : Number(text);

	return Number.isInteger(number) ? number : undefined;
}

function matchPort(value: string, port: number): Certainty {
	const number = portNumber(value);

	return number === undefined ? 'maybe' : certain(number === port);
}

function matchNumber(value: string, own: number): Certainty {
	const number = Number(value);

	return Number.isInteger(number) ? certain(number === own) : 'maybe';
}

function matchMasked(text: string, own: number): Certainty {
	const [value = NaN, mask = 0xffff] = text.split('/').map(Number);

	return Number.isInteger(value) && Number.isInteger(mask)
		? certain((value & mask) === (own & mask))
		: 'maybe';
}

function matchAddress(text: string, own: string): Certainty {
	const [value, mask = (1n << 48n) - 1n] = text.split('/').map(bitsOf);
	const bits = bitsOf(own);

	return value === undefined || mask === undefined || bits === undefined
		? 'maybe'
		: certain((value & mask) === (bits & mask));
}

function bitsOf(mac: string): bigint | undefined {
	return /^([\da-f]{2}:){5}[\da-f]{2}$/i.test(mac)
		? BigInt(`0x${mac.replaceAll(':', '')}`)
		: undefined;
}

function certain(matches: boolean): Certainty {
	return matches ? 'always' : 'never';
}
