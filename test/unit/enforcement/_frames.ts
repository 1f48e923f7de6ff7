// SPDX-License-Identifier: MIT

/** A frame as a peer could put it into its ring. */
export type Packet = {
	readonly mac: string;
	/** IPv4 or IPv6. */
	readonly from: string;
	/** UDP's source; 4242 if nothing is said. */
	readonly port?: number;
	/** ICMPv6's type instead of UDP. */
	readonly icmp?: number;
	/** IPv4's field of flags and offset. */
	readonly fragment?: number;
	/** So many bytes of IPv4 options. */
	readonly options?: number;
	/** An extension header of IPv6 first. */
	readonly hopByHop?: boolean;
	/** Of the IP packet; as small as can be if nothing is said. */
	readonly size?: number;
};

/** `id` is in the destination address, for who counts. */
export function frame({id, ...packet}: Packet & {readonly id: number}): Buffer {
	const ethernet = Buffer.concat([bytesOf(`02:00:00:00:00:${hex(id)}`), bytesOf(packet.mac)]);
	const isSix = packet.from.includes(':');

	return Buffer.concat([
		ethernet,
		Buffer.from(isSix ? [0x86, 0xdd] : [0x08, 0x00]),
		isSix ? six(packet) : four(packet),
	]);
}

function four({from, fragment = 0, options = 0, size = 0, ...rest}: Packet): Buffer {
	const payload = payloadOf(rest, Math.max(16, size - 20 - options));
	const header = Buffer.alloc(20 + options, 1);

	header.fill(0, 0, 20);
	header[0] = 0x40 | ((20 + options) / 4);
	header.writeUInt16BE(header.length + payload.length, 2);
	header.writeUInt16BE(fragment, 6);
	header[8] = 64;
	header[9] = 17;
	Buffer.from(from.split('.').map(Number)).copy(header, 12);
	Buffer.from([10, 0, 0, 200]).copy(header, 16);

	return Buffer.concat([header, payload]);
}

function six({from, icmp, hopByHop = false, size = 0, ...rest}: Packet): Buffer {
	const payload =
		icmp === undefined
			? payloadOf(rest, Math.max(16, size - 40))
			: Buffer.from([icmp, 0, ...Buffer.alloc(30)]);
	const next = icmp === undefined ? 17 : 58;
	const extension = hopByHop ? Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]) : Buffer.alloc(0);
	const header = Buffer.alloc(40);

	header[0] = 0x60;
	header.writeUInt16BE(payload.length + extension.length, 4);
	header[6] = hopByHop ? 0 : next;
	header[7] = 255;
	addressOf(from).copy(header, 8);
	addressOf('fd00::200').copy(header, 24);

	return Buffer.concat([header, extension, payload]);
}

function payloadOf({port = 4242}: Pick<Packet, 'port'>, length: number): Buffer {
	const udp = Buffer.alloc(length);

	udp.writeUInt16BE(port, 0);
	udp.writeUInt16BE(4242, 2);
	udp.writeUInt16BE(length, 4);

	return udp;
}

function addressOf(text: string): Buffer {
	const [head = '', tail = ''] = text.split('::').map(part => part);
	const words = (part: string) => (part === '' ? [] : part.split(':'));
	const zeros = 8 - words(head).length - words(tail).length;

	return Buffer.from(
		[...words(head), ...Array.from({length: zeros}, () => '0'), ...words(tail)]
			.map(word => word.padStart(4, '0'))
			.join(''),
		'hex',
	);
}

function bytesOf(mac: string): Buffer {
	return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function hex(byte: number): string {
	return byte.toString(16).padStart(2, '0');
}
