// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';

/** The numbers of xen/include/public/io/xs_wire.h that a client needs. */
export const types = {
	directory: 1,
	read: 2,
	getPermissions: 3,
	watch: 4,
	unwatch: 5,
	transactionStart: 6,
	transactionEnd: 7,
	write: 11,
	makeDirectory: 12,
	remove: 13,
	setPermissions: 14,
	watchEvent: 15,
	error: 16,
	directoryPart: 22,
} as const;

/** One message: a request, its answer, or a watch event (whose request is 0). */
export type Message = {
	readonly type: number;
	readonly request: number;
	/** 0 outside of any. */
	readonly transaction: number;
	readonly body: Uint8Array;
};

const headerLength = 16;
const highestType = 22;

/** xenstored hangs up, for good in a guest, on a longer body; the kernel's device gives no longer one either. */
export const bodyMax = 4096;

/**
 * What a socket may give: oxenstored answers E2BIG only to domains (xen/tools/ocaml/xenstored/connection.ml),
 * so that 900 domids in /local/domain are a longer list than bodyMax. All domids that there can be take 200 KiB.
 */
export const socketBodyMax = 1024 * 1024;

/** The kernel's device takes header and body in one buffer of 4096 bytes. */
export const requestMax = bodyMax - headerLength;

const pathMax = 3072;
const relativePathMax = 2048;
const special = ['@introduceDomain', '@releaseDomain'];

/** A request of that transaction; 0: of none. */
export function encodeRequest(
	type: number,
	request: number,
	body: Uint8Array,
	transaction = 0,
): Uint8Array {
	if (body.length > requestMax) {
		throw new ColoopError(
			'STORE',
			`XenStore request: expected at most ${requestMax} bytes, got ${body.length}`,
			{cause: 'E2BIG'},
		);
	}
	const bytes = new Uint8Array(headerLength + body.length);
	const view = new DataView(bytes.buffer);

	view.setUint32(0, type, true);
	view.setUint32(4, request, true);
	view.setUint32(8, transaction, true);
	view.setUint32(12, body.length, true);
	bytes.set(body, headerLength);

	return bytes;
}

/** Each text with a NUL behind it, as paths, tokens and permissions are sent. */
export function terminated(...texts: readonly string[]): Uint8Array {
	return Buffer.from(texts.map(text => `${text}\0`).join(''));
}

/** The texts of a body in which each ends with a NUL. */
export function splitTexts(body: Uint8Array): string[] {
	const text = Buffer.from(body).toString('utf8');

	if (text === '') {
		return [];
	}
	if (!text.endsWith('\0')) {
		throw new ColoopError('PROTOCOL', 'XenStore answer: expected a NUL at the end');
	}

	return text.slice(0, -1).split('\0');
}

/**
 * Cuts a stream of bytes into messages; the function returned takes them as they come. It throws
 * PROTOCOL where a body is longer than `longest` bytes.
 */
export function messageReader(longest = bodyMax): (bytes: Uint8Array) => Message[] {
	let rest = Buffer.alloc(0);

	return bytes => {
		const messages: Message[] = [];

		rest = Buffer.concat([rest, bytes]);
		for (;;) {
			const length = messageLength(rest, longest);

			if (length === undefined || rest.length < length) {
				return messages;
			}
			messages.push({
				type: rest.readUInt32LE(0),
				request: rest.readUInt32LE(4),
				transaction: rest.readUInt32LE(8),
				body: Uint8Array.from(rest.subarray(headerLength, length)),
			});
			rest = rest.subarray(length);
		}
	};
}

/** Undefined while the header is not complete. */
function messageLength(bytes: Buffer, longest: number): number | undefined {
	if (bytes.length < headerLength) {
		return undefined;
	}
	const type = bytes.readUInt32LE(0);
	const length = bytes.readUInt32LE(12);

	if (type > highestType || length > longest) {
		throw new ColoopError(
			'PROTOCOL',
			`XenStore message: expected a type up to ${highestType} and at most ${longest} bytes, got type ${type} and ${length} bytes`,
		);
	}

	return headerLength + length;
}

/** Refuses what xenstored would not take, or would take for something else. */
export function checkPath(path: string): void {
	const longest = path.startsWith('/') ? pathMax : relativePathMax;
	const wellFormed = path === '/' || /^\/?[-\w@]+(\/[-\w@]+)*$/.test(path);

	if (!wellFormed || path.length > longest || (path.startsWith('@') && !special.includes(path))) {
		throw new ColoopError(
			'STORE',
			`expected a XenStore path of letters, digits and -_@ between slashes, got ${JSON.stringify(path)}`,
		);
	}
}

/** Values are text; a NUL would end them early for other readers. */
export function checkValue(path: string, value: string): void {
	if (value.includes('\0')) {
		throw new ColoopError('STORE', `${path}: expected a value without NUL`);
	}
}
