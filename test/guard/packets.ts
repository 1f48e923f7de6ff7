// SPDX-License-Identifier: MIT
import {echo, macBytes, protocols, tcp, tcpFlags, u16, udp, type Ip} from './packet.ts';
import {dom0, remote, type Guest} from './places.ts';

/** What of IP packets differs from frame to frame, and what they carry. */
export type Packet = {
	readonly what: string;
	readonly protocol: number;
	readonly ip?: Partial<Ip>;
	readonly payload: (ip: Ip, tag: Buffer) => Buffer;
};

const {fin, syn, rst, psh, ack} = tcpFlags;

/** Addresses that nobody here listens to. */
export const group = {4: '224.0.0.251', 6: 'ff02::fb'} as const;

export function datagram(from: number, to: number, more: Buffer = Buffer.alloc(0)): Packet {
	return {
		what: `udp ${from} > ${to}`,
		protocol: protocols.udp,
		payload: (ip, tag) => udp(ip, from, to, Buffer.concat([more, tag])),
	};
}

/** A frame in VXLAN. */
const tunnelled = Buffer.concat([
	Buffer.from([8, 0, 0, 0, 0, 0, 42, 0]),
	macBytes('52:54:00:00:00:02'),
	macBytes('52:54:00:00:00:01'),
	Buffer.from('0800450000140000400040000000c0a80001c0a80002', 'hex'),
]);

export const datagrams = [
	datagram(5353, 53),
	datagram(40000, 4789, tunnelled),
	datagram(40001, 40002, Buffer.alloc(1300)),
];

type Spoken = Packet & {readonly isBack: boolean};

export function connection(port: number): Spoken[] {
	const client = 50000 + port;
	const segment = (what: string, isBack: boolean, flags: number, seq: number, acked: number) => ({
		what: `tcp ${port} ${what}`,
		protocol: protocols.tcp,
		isBack,
		payload: (ip: Ip, tag: Buffer) => {
			const [from, to] = isBack ? [port, client] : [client, port];

			return tcp(ip, {from, to, flags, seq, ack: acked}, tag);
		},
	});

	return [
		segment('syn', false, syn, 1000, 0),
		segment('syn-ack', true, syn | ack, 7000, 1009),
		segment('data', false, psh | ack, 1009, 7009),
		segment('answer', true, psh | ack, 7009, 1017),
		segment('fin', false, fin | ack, 1017, 7017),
	];
}

/** Of no connection that anybody has seen begin. */
export const stray = [
	{what: 'tcp 443 stray', protocol: protocols.tcp, payload: strayPayload(ack)},
	{what: 'tcp 443 rst', protocol: protocols.tcp, payload: strayPayload(rst)},
];

function strayPayload(flags: number): Packet['payload'] {
	return (ip, tag) => tcp(ip, {from: 50443, to: 443, flags, seq: 5, ack: 6}, tag);
}

export function ping(version: 4 | 6, isReply: boolean): Packet {
	return {
		what: isReply ? 'pong' : 'ping',
		protocol: version === 4 ? protocols.icmp : protocols.icmpv6,
		payload: (ip, tag) => echo(ip, isReply, 77, tag),
	};
}

/** What is seldom sent, and what rules may look for. */
export function odd({b, version}: {readonly b: Guest; readonly version: 4 | 6}): Packet[] {
	const isV4 = version === 4;
	const other = datagram(6000, 6001);
	const raw = (what: string, protocol: number, head: string): Packet => ({
		what,
		protocol,
		payload: (_, tag) => Buffer.concat([Buffer.from(head, 'hex'), tag]),
	});

	return [
		raw('esp', protocols.esp, '0000100100000001'),
		raw('gre', protocols.gre, '00006558'),
		raw('sctp', protocols.sctp, '0bb80bb90000000000000000'),
		{...other, what: 'dscp ef', ip: {tos: 0xb8}},
		{...other, what: 'last hop', ip: {ttl: 1}},
		{...other, what: 'spoofed', ip: {from: isV4 ? '192.0.2.77' : 'fd00:77::77'}},
		{...other, what: 'to multicast', ip: {to: group[version]}},
		{...other, what: 'options', ip: {options: Buffer.from(optionsOf(version), 'hex')}},
		...fragments,
		...(b === dom0
			? [{...other, what: 'routed', ip: {to: isV4 ? remote.ip4 : remote.ip6}}]
			: []),
	];
}

/** No operation; in IPv6 as padding. */
function optionsOf(version: 4 | 6): string {
	return version === 4 ? '01010101' : '00010400000000';
}

/** Of one datagram: the rest comes only where somebody puts both together. */
const fragments: Packet[] = [
	{
		what: 'first fragment',
		protocol: protocols.udp,
		ip: {fragment: {at: 0, more: true, id: 99}},
		payload: (_, tag) =>
			Buffer.concat([u16(6000), u16(6001), u16(56), u16(0), Buffer.alloc(16), tag]),
	},
	{
		what: 'last fragment',
		protocol: protocols.udp,
		ip: {fragment: {at: 32, more: false, id: 99}},
		payload: (_, tag) => Buffer.concat([Buffer.alloc(16), tag]),
	},
];
