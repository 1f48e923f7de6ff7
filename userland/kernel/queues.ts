// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode, encode} from './codec.ts';
import {routeProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';
import {parseEffect} from './queue-effects.ts';
import {parseLimits, type QueueLimit} from './queue-limits.ts';

/** A queueing discipline of a device. */
export type Queue = {
	readonly ifindex: number;
	readonly kind: string;
	/** Major number in the upper half; 0 where nobody gave it one. */
	readonly handle: number;
	readonly isRoot: boolean;
	/** Names a rate, so that it holds packets back (fq with maxrate, cake with bandwidth); false for kinds without. */
	readonly hasRate: boolean;
	/** An option by which it changes or chooses what passes: `wash`. */
	readonly effect?: string | undefined;
	readonly limits: readonly QueueLimit[];
};

/** TCA_*. */
const queueAttributes = {
	kind: {id: 1, type: 'string'},
	options: {id: 2, type: 'binary'},
	sizes: {id: 8, type: 'binary'},
	showInvisible: {id: 10, type: 'flag'},
} as const satisfies AttributeTable;

/** TCA_FQ_*. */
const fqAttributes = {maxRate: {id: 7, type: 'u32'}} as const satisfies AttributeTable;

/** TCA_CAKE_*. */
const cakeAttributes = {
	rate: {id: 2, type: 'u64'},
	autorate: {id: 9, type: 'u32'},
} as const satisfies AttributeTable;

const getQueue = 38;
const getFilter = 46;
/** struct tcmsg. */
const headerLength = 20;
const root = 0xffff_ffff;
const unlimited = 0xffff_ffff;

/** Where filters are: TC_H_CLSACT with TC_H_MIN_INGRESS, _EGRESS. */
export const filterPlaces = {ingress: 0xffff_fff2, egress: 0xffff_fff3} as const;

/** The disciplines of all devices, by one dump; those that a device had from the start too. */
export async function readQueues(): Promise<Queue[]> {
	const messages = await dump(getQueue, 0, 0, encode(queueAttributes, {showInvisible: true}));

	return messages.map(parseQueue);
}

/** The kinds of the filters at one place of a device, once each; none where the device has gone. */
export async function readFilters(ifindex: number, parent: number): Promise<string[]> {
	const messages = await dump(getFilter, ifindex, parent, new Uint8Array());
	const kinds = messages.map(
		({payload}) => decode(queueAttributes, payload.subarray(headerLength)).kind ?? 'unknown',
	);

	return [...new Set(kinds)];
}

export function parseQueue({payload}: Message): Queue {
	const view = viewOf(payload);
	const {
		kind = '',
		options = new Uint8Array(),
		sizes,
	} = decode(queueAttributes, payload.subarray(headerLength));

	return {
		ifindex: view.getInt32(4, littleEndian),
		kind,
		handle: view.getUint32(8, littleEndian),
		isRoot: view.getUint32(12, littleEndian) === root,
		hasRate: hasRate(kind, options),
		// A table of sizes makes packets as long as it likes where their bytes are counted.
		effect: sizes === undefined ? parseEffect(kind, options) : 'stab',
		limits: parseLimits(kind, options),
	};
}

/** What a kernel leaves out is not set, but cake always says its bandwidth. */
function hasRate(kind: string, options: Uint8Array): boolean {
	if (kind === 'fq') {
		const {maxRate = unlimited} = decode(fqAttributes, options);

		return maxRate !== unlimited;
	}
	if (kind === 'cake') {
		const {rate, autorate = 0} = decode(cakeAttributes, options);

		return rate !== 0n || autorate !== 0;
	}

	return false;
}

async function dump(
	type: number,
	ifindex: number,
	parent: number,
	attributes: Uint8Array,
): Promise<Message[]> {
	const header = new Uint8Array(headerLength);

	viewOf(header).setInt32(4, ifindex, littleEndian);
	viewOf(header).setUint32(12, parent, littleEndian);

	return await withConnection(routeProtocol, connection =>
		connection.request({type, dump: true, header, attributes, table: queueAttributes}),
	);
}
