// SPDX-License-Identifier: MIT
import {addressBytes, frame, macBytes, transportAt, u16, type Ip} from './packet.ts';
import {connection, datagram, datagrams, group, odd, ping, stray, type Packet} from './packets.ts';
import {channel, dom0, nowhere, remote, uplink, type Guest} from './places.ts';

/** A frame to be sent, and where it must come out as it is, from byte `skip` on. */
export type Sent = {
	readonly label: string;
	readonly from: number;
	readonly to: number;
	readonly skip: number;
	readonly bytes: Buffer;
};

type Way = {readonly a: Guest; readonly b: Guest; readonly version: 4 | 6};

/** Each asks for the other, as guests do before they talk; the bridge learns where they are. */
export function greeting({place, port, ip4}: Guest): Sent {
	const bytes = Buffer.concat([
		macBytes('ff:ff:ff:ff:ff:ff'),
		macBytes(port.mac),
		Buffer.from('0806000108000604', 'hex'),
		u16(1),
		macBytes(port.mac),
		addressBytes(ip4),
		Buffer.alloc(6),
		addressBytes(ip4),
	]);

	return {label: `arp ${port.name}`, from: place, to: nowhere, skip: 0, bytes};
}

/**
 * Everything that two guests say to each other: one of each kind that rules tell apart. With
 * `byChannel`, what is for dom0 enters it as by a channel.
 */
export function conversation(a: Guest, b: Guest, byChannel = false): Sent[] {
	let count = 0;
	const say = (way: Way, packet: Packet) => build(way, packet, count++, byChannel);

	return ([4, 6] as const).flatMap(version => {
		const to = {a, b, version};
		const back = {a: b, b: a, version};

		return [
			...datagrams.map(packet => say(to, packet)),
			say(back, datagram(53, 5353)),
			say(back, datagram(123, 123)),
			...connection(22).map(({isBack, ...packet}) => say(isBack ? back : to, packet)),
			...connection(80).map(({isBack, ...packet}) => say(isBack ? to : back, packet)),
			...stray.map(packet => say(to, packet)),
			say(to, ping(version, false)),
			say(back, ping(version, true)),
			...odd(to).flatMap(packet => [say(to, packet), say(back, packet)]),
		];
	});
}

function build({a, b, version}: Way, packet: Packet, index: number, byChannel: boolean): Sent {
	const isV4 = version === 4;
	const ip: Ip = {
		version,
		from: isV4 ? a.ip4 : a.ip6,
		to: isV4 ? b.ip4 : b.ip6,
		protocol: packet.protocol,
		...packet.ip,
	};
	const tag = Buffer.concat([Buffer.from('fuzz'), u16(a.place * 16 + b.place), u16(index)]);
	const isForDom0 = b === dom0;
	const bytes = frame({from: a.port.mac, to: b.port.mac}, ip, packet.payload(ip, tag));

	return {
		label: `ip${isV4 ? '' : '6'} ${packet.what} ${a.port.name} > ${b.port.name}`,
		from: isForDom0 && byChannel ? channel.place : a.place,
		to: isForDom0 ? placeInDom0(ip) : b.place,
		skip: isForDom0 ? skipInDom0(ip, bytes) : skipOnBridge(ip, bytes),
		bytes,
	};
}

/** Dom0 takes no packet of a group that it is not in, and none before it has all fragments. */
function placeInDom0({to, fragment}: Ip): number {
	if (to === remote.ip4 || to === remote.ip6) {
		return uplink.place;
	}

	return fragment?.more || to === group[4] || to === group[6] ? nowhere : dom0.place;
}

/** From which byte on its raw sockets show a packet as it was sent. */
function skipInDom0({version, fragment, options}: Ip, bytes: Buffer): number {
	return fragment || options ? bytes.length - tagLength : transportAt(version);
}

/** Conntrack puts fragments together, and what is cut again may be cut elsewhere. */
function skipOnBridge({fragment}: Ip, bytes: Buffer): number {
	return fragment ? bytes.length - tagLength : 0;
}

const tagLength = 8;
