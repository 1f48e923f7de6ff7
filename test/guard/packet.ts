// SPDX-License-Identifier: MIT
//
// Frames as bytes, with every length and checksum right.

export type Ethernet = {readonly from: string; readonly to: string};

export type Ip = {
	readonly version: 4 | 6;
	readonly from: string;
	readonly to: string;
	readonly protocol: number;
	readonly ttl?: number;
	/** TOS, or traffic class. */
	readonly tos?: number;
	/** IPv4 options in whole words; or an IPv6 hop-by-hop header's. */
	readonly options?: Buffer;
	/** In bytes, and whether there are more; of a datagram's `id`. */
	readonly fragment?: {readonly at: number; readonly more: boolean; readonly id: number};
};

export const protocols = {icmp: 1, tcp: 6, udp: 17, gre: 47, esp: 50, icmpv6: 58, sctp: 132};

const etherTypes = {4: 0x0800, 6: 0x86dd} as const;
const fragmentHeader = 44;

export function frame({from, to}: Ethernet, ip: Ip, payload: Buffer): Buffer {
	return Buffer.concat([
		macBytes(to),
		macBytes(from),
		u16(etherTypes[ip.version]),
		ip.version === 4 ? ipv4Header(ip, payload.length) : ipv6Header(ip, payload.length),
		payload,
	]);
}

/** Where the transport header begins, in a frame without options or extension headers. */
export function transportAt(version: 4 | 6): number {
	return 14 + (version === 4 ? 20 : 40);
}

function ipv4Header({from, to, protocol, ttl = 64, tos = 0, ...more}: Ip, length: number): Buffer {
	const options = more.options ?? Buffer.alloc(0);
	const {at, more: isMore, id} = more.fragment ?? {at: 0, more: false, id: 0};
	const isFragment = more.fragment !== undefined;
	const header = Buffer.concat([
		Buffer.from([0x45 + options.length / 4, tos]),
		u16(20 + options.length + length),
		u16(id),
		u16((isFragment ? 0 : 0x4000) | (isMore ? 0x2000 : 0) | (at / 8)),
		Buffer.from([ttl, protocol, 0, 0]),
		addressBytes(from),
		addressBytes(to),
		options,
	]);
	header.writeUInt16BE(checksum(header), 10);

	return header;
}

function ipv6Header({from, to, protocol, ttl = 64, tos = 0, ...more}: Ip, length: number): Buffer {
	const {options, fragment} = more;
	const extension = fragment
		? Buffer.concat([
				Buffer.from([protocol, 0]),
				u16(fragment.at | (fragment.more ? 1 : 0)),
				u16(0),
				u16(fragment.id),
			])
		: options
			? Buffer.concat([Buffer.from([protocol]), options])
			: Buffer.alloc(0);
	const next = fragment ? fragmentHeader : options ? 0 : protocol;

	return Buffer.concat([
		Buffer.from([0x60 | (tos >> 4), (tos << 4) & 0xff, 0, 0]),
		u16(extension.length + length),
		Buffer.from([next, ttl]),
		addressBytes(from),
		addressBytes(to),
		extension,
	]);
}

export function udp(ip: Ip, from: number, to: number, data: Buffer): Buffer {
	const datagram = Buffer.concat([u16(from), u16(to), u16(8 + data.length), u16(0), data]);

	return withChecksum(datagram, 6, ip);
}

export type Segment = {
	readonly from: number;
	readonly to: number;
	readonly flags: number;
	readonly seq: number;
	readonly ack: number;
};

export const tcpFlags = {fin: 1, syn: 2, rst: 4, psh: 8, ack: 16};

/** With the option that says the largest segment, where it is a SYN. */
export function tcp(ip: Ip, {from, to, flags, seq, ack}: Segment, data: Buffer): Buffer {
	const options = flags & tcpFlags.syn ? Buffer.from([2, 4, 0x05, 0xb4]) : Buffer.alloc(0);
	const header = Buffer.alloc(20);
	header.writeUInt16BE(from, 0);
	header.writeUInt16BE(to, 2);
	header.writeUInt32BE(seq, 4);
	header.writeUInt32BE(ack, 8);
	header.writeUInt8((5 + options.length / 4) << 4, 12);
	header.writeUInt8(flags, 13);
	header.writeUInt16BE(64240, 14);

	return withChecksum(Buffer.concat([header, options, data]), 16, ip);
}

export function echo(ip: Ip, isReply: boolean, id: number, data: Buffer): Buffer {
	const type = ip.version === 4 ? (isReply ? 0 : 8) : isReply ? 129 : 128;
	const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), u16(id), u16(1), data]);
	if (ip.version === 6) {
		return withChecksum(message, 2, ip);
	}
	message.writeUInt16BE(checksum(message), 2);

	return message;
}

/** Over the pseudo header as well; written at `at`. */
function withChecksum(segment: Buffer, at: number, {from, to, protocol}: Ip): Buffer {
	const pseudo = Buffer.concat([
		addressBytes(from),
		addressBytes(to),
		u16(0),
		u16(segment.length),
		u16(0),
		u16(protocol),
	]);
	segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])) || 0xffff, at);

	return segment;
}

function checksum(bytes: Buffer): number {
	let sum = 0;
	for (let at = 0; at < bytes.length; at += 2) {
		sum += at + 1 < bytes.length ? bytes.readUInt16BE(at) : bytes.readUInt8(at) << 8;
	}
	while (sum > 0xffff) {
		sum = (sum & 0xffff) + (sum >>> 16);
	}

	return ~sum & 0xffff;
}

export function macBytes(mac: string): Buffer {
	return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

/** IPv6 addresses have a `::` in them. */
export function addressBytes(address: string): Buffer {
	if (!address.includes(':')) {
		return Buffer.from(address.split('.').map(Number));
	}
	const [head = [], tail = []] = address
		.split('::')
		.map(half => half.split(':').filter(group => group !== ''));
	const zeros = Array.from({length: 8 - head.length - tail.length}, () => '0');

	return Buffer.concat([...head, ...zeros, ...tail].map(group => u16(parseInt(group, 16))));
}

export function u16(value: number): Buffer {
	const bytes = Buffer.alloc(2);
	bytes.writeUInt16BE(value);

	return bytes;
}
