// SPDX-License-Identifier: MIT
import {holds, rangeOf, type IpRange} from '../ip-range.ts';
import {parsePrefix} from '../prefixes.ts';
import {localName, localPort} from './types.ts';

/** All frames of one protocol from one port to another: unicast, and without a VLAN tag. */
export type Frames = {
	/** OpenFlow's number of the port by which they enter. */
	readonly inPort: number;
	readonly source: string;
	readonly destination: string;
	readonly protocol: 'ip' | 'ip6';
	/** Where they come from, as addresses of IP; undefined: from anywhere. */
	readonly from?: IpRange | undefined;
};

/** Of all the frames: does it match each, perhaps some, or none? */
export type Certainty = 'always' | 'maybe' | 'never';

/** The fields of a flow, ready to be asked for any frames: a host with 200 ports has 80 000 questions for each. */
export type Match = (frames: ReadyFrames) => Certainty;

/** Frames whose addresses are read once for all flows that ask for them. */
export type ReadyFrames = Omit<Frames, 'source' | 'destination'> & {
	readonly source: Address | undefined;
	readonly destination: Address | undefined;
};

export function readyFrames(frames: Frames): ReadyFrames {
	const [source, destination] = [frames.source, frames.destination].map(addressOf);

	return {...frames, source, destination};
}

/** A flow that matches all of these fields; one that is not known may match or not. */
export function compileMatch(fields: readonly string[]): Match {
	const tests = fields.map(compileField);

	return frames => {
		let certainty: Certainty = 'always';

		for (const test of tests) {
			const found = test(frames);
			if (found === 'never') {
				return found;
			}
			certainty = found === 'maybe' ? found : certainty;
		}

		return certainty;
	};
}

function compileField(field: string): Match {
	const at = field.indexOf('=');
	if (at < 0) {
		return ({protocol}) => matchProtocol(field, protocol);
	}
	const value = field.slice(at + 1);

	switch (field.slice(0, at)) {
		case 'in_port':
			return ({inPort}) => matchPort(value, inPort);
		case 'dl_src':
			return compileAddress(value, ({source}) => source);
		case 'dl_dst':
			return compileAddress(value, ({destination}) => destination);
		case 'nw_src':
			return compileSource(value, 'ip');
		case 'ipv6_src':
			return compileSource(value, 'ip6');
		case 'dl_type':
			return ({protocol}) => matchNumber(value, etherTypes[protocol]);
		/* 0xffff stands for frames without a tag. */
		case 'dl_vlan':
			return () => matchNumber(value, 0xffff);
		case 'vlan_tci':
			return () => matchMasked(value, 0);
		default:
			return () => 'maybe';
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

/** An Ethernet address: its halves, of 24 bits each. */
type Address = readonly [high: number, low: number];

function compileAddress(text: string, read: (frames: ReadyFrames) => Address | undefined): Match {
	const [value, mask = [0xff_ffff, 0xff_ffff] as const, ...more] = text.split('/').map(addressOf);
	if (value === undefined || text.split('/').some(part => !addressOf(part)) || more.length > 0) {
		return () => 'maybe';
	}
	const [high, low] = [value[0] & mask[0], value[1] & mask[1]];

	return frames => {
		const own = read(frames);

		return own === undefined
			? 'maybe'
			: certain((own[0] & mask[0]) === high && (own[1] & mask[1]) === low);
	};
}

function addressOf(mac: string): Address | undefined {
	const [, high = '', low = ''] =
		/^((?:[\da-f]{2}:){2}[\da-f]{2}):((?:[\da-f]{2}:){2}[\da-f]{2})$/i.exec(mac) ?? [];

	return high === ''
		? undefined
		: [
				Number.parseInt(high.replaceAll(':', ''), 16),
				Number.parseInt(low.replaceAll(':', ''), 16),
			];
}

/** A prefix; any other mask may match or not. */
function compileSource(value: string, asked: Frames['protocol']): Match {
	const prefix = parsePrefix(value);
	const range = prefix && rangeOf(prefix);

	return ({protocol, from}) => {
		const found = protocol !== asked ? false : range && from ? holds(range, from) : undefined;

		return found === undefined ? 'maybe' : certain(found);
	};
}

function certain(matches: boolean): Certainty {
	return matches ? 'always' : 'never';
}
