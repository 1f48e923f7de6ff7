// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode} from './codec.ts';

/** How much a queueing discipline keeps, by the name that tc has for it. */
export type QueueLimit = {
	readonly name: 'limit' | 'flow_limit' | 'depth' | 'memory_limit';
	readonly unit: 'packets' | 'bytes';
	readonly value: number;
};

type Found = Partial<Record<QueueLimit['name'], number | undefined>>;

/** TCA_*_LIMIT and its like of linux/pkt_sched.h. */
const attributeTables: Readonly<Record<string, AttributeTable>> = {
	codel: {limit: {id: 2, type: 'u32'}},
	pie: {limit: {id: 2, type: 'u32'}},
	fq: {limit: {id: 1, type: 'u32'}, flow_limit: {id: 2, type: 'u32'}},
	fq_codel: {limit: {id: 2, type: 'u32'}, memory_limit: {id: 9, type: 'u32'}},
	fq_pie: {limit: {id: 1, type: 'u32'}, memory_limit: {id: 8, type: 'u32'}},
	cake: {memory_limit: {id: 10, type: 'u32'}},
};

/** Of a discipline's options, those that bound it; none of a kind that tells none. */
export function parseLimits(kind: string, options: Uint8Array): QueueLimit[] {
	const found = attributeTables[kind]
		? (decode(attributeTables[kind], options) as Found)
		: readStructure(kind, options);

	return Object.entries(found).flatMap(([name, value]) =>
		// Cake says 0 where nobody set it.
		value === undefined || (kind === 'cake' && value === 0)
			? []
			: [{name: name as QueueLimit['name'], unit: unitOf(kind, name), value}],
	);
}

function unitOf(kind: string, name: string): QueueLimit['unit'] {
	return kind === 'bfifo' || name === 'memory_limit' ? 'bytes' : 'packets';
}

/** struct tc_fifo_qopt, struct tc_sfq_qopt_v1. */
function readStructure(kind: string, options: Uint8Array): Found {
	const field = (at: number) =>
		at + 4 <= options.length ? viewOf(options).getUint32(at, littleEndian) : undefined;

	switch (kind) {
		case 'pfifo':
		case 'bfifo':
		case 'pfifo_head_drop':
			return {limit: field(0)};
		case 'sfq':
			return {limit: field(8), depth: field(20)};
		default:
			return {};
	}
}
