// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode} from './codec.ts';

const times = ['target', 'interval', 'rtt', 'ce_threshold'] as const;

/** How much a queueing discipline keeps, or how long before it drops or marks, by the name that tc has for it. */
export type QueueLimit = {
	readonly name: 'limit' | 'flow_limit' | 'depth' | 'memory_limit' | (typeof times)[number];
	readonly unit: 'packets' | 'bytes' | 'us';
	readonly value: number;
};

type Found = Partial<Record<QueueLimit['name'], number | undefined>>;

const number = (id: number) => ({id, type: 'u32'}) as const;

/** TCA_*_LIMIT and its like of linux/pkt_sched.h. */
const attributeTables: Readonly<Record<string, AttributeTable>> = {
	codel: {limit: number(2), interval: number(3), ce_threshold: number(5)},
	pie: {limit: number(2), target: number(1)},
	fq: {limit: number(1), flow_limit: number(2), ce_threshold: number(12)},
	fq_codel: {
		...{limit: number(2), memory_limit: number(9)},
		...{interval: number(3), ce_threshold: number(7)},
	},
	fq_pie: {limit: number(1), memory_limit: number(8), target: number(3)},
	cake: {memory_limit: number(10), rtt: number(7)},
};

/** Of a discipline's options, those that bound it; none of a kind that tells none. */
export function parseLimits(kind: string, options: Uint8Array): QueueLimit[] {
	const found = attributeTables[kind]
		? (decode(attributeTables[kind], options) as Found)
		: readStructure(kind, options);

	return Object.entries(found).flatMap(([name, value]) =>
		// Cake says 0 where nobody set its memory.
		value === undefined || (kind === 'cake' && name === 'memory_limit' && value === 0)
			? []
			: [{name: name as QueueLimit['name'], unit: unitOf(kind, name), value}],
	);
}

function unitOf(kind: string, name: string): QueueLimit['unit'] {
	if (times.some(time => time === name)) {
		return 'us';
	}

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
