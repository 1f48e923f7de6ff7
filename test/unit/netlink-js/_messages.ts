// SPDX-License-Identifier: MIT

/** A netlink message by hand: these tests do not lean on the codec that leans on this package. */
export function message(type: number, flags: number, payload: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(16 + payload.length);
	const view = new DataView(bytes.buffer);

	view.setUint32(0, bytes.length, true);
	view.setUint16(4, type, true);
	view.setUint16(6, flags, true);
	view.setUint32(8, 1, true);
	bytes.set(payload, 16);

	return bytes;
}

/** The types of the messages in one datagram. */
export function types(datagram: Uint8Array): number[] {
	const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
	const result: number[] = [];

	for (let at = 0; at < datagram.length; at += (view.getUint32(at, true) + 3) & ~3) {
		result.push(view.getUint16(at + 4, true));
	}

	return result;
}
