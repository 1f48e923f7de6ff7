// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {align, type AttributeTable, littleEndian, viewOf} from './attributes.ts';

/** One message out of a datagram, its netlink header taken off. */
export type Message = {
	readonly type: number;
	readonly flags: number;
	readonly sequence: number;
	readonly payload: Uint8Array;
};

export type Request = {
	readonly type: number;
	readonly dump?: boolean;
	/** The family's own header, such as genlmsghdr. */
	readonly header: Uint8Array;
	readonly attributes: Uint8Array;
	/** Names for the attributes, to tell which one the kernel refused. */
	readonly table: AttributeTable;
};

export const headerLength = 16;
export const messageTypes = {error: 2, done: 3} as const;
export const messageFlags = {
	request: 0x1,
	ack: 0x4,
	dumpInterrupted: 0x10,
	dump: 0x300,
	/** In an acknowledgement: of the request only the header is echoed. */
	capped: 0x100,
	/** In an acknowledgement: attributes follow. */
	extended: 0x200,
} as const;

/** The messages of a datagram. */
export function parseMessages(datagram: Uint8Array): Message[] {
	const view = viewOf(datagram);
	const messages: Message[] = [];

	for (let at = 0; at < datagram.length;) {
		const length = at + headerLength <= datagram.length ? view.getUint32(at, littleEndian) : 0;

		if (length < headerLength || at + length > datagram.length) {
			throw new ColoopError(
				'PROTOCOL',
				`netlink message at byte ${at}: expected ${headerLength} to ${datagram.length - at} bytes, got ${length}`,
			);
		}
		messages.push({
			type: view.getUint16(at + 4, littleEndian),
			flags: view.getUint16(at + 6, littleEndian),
			sequence: view.getUint32(at + 8, littleEndian),
			payload: datagram.subarray(at + headerLength, at + length),
		});
		at += align(length);
	}

	return messages;
}

/** A request as one datagram; the answer to a dump ends by itself, others are acknowledged. */
export function buildRequest(
	{type, dump, header, attributes}: Request,
	sequence: number,
): Uint8Array {
	const bytes = new Uint8Array(headerLength + header.length + attributes.length);
	const view = viewOf(bytes);

	view.setUint32(0, bytes.length, littleEndian);
	view.setUint16(4, type, littleEndian);
	view.setUint16(
		6,
		messageFlags.request | (dump === true ? messageFlags.dump : messageFlags.ack),
		littleEndian,
	);
	view.setUint32(8, sequence, littleEndian);
	bytes.set(header, headerLength);
	bytes.set(attributes, headerLength + header.length);

	return bytes;
}
