// SPDX-License-Identifier: MIT
import {parseFilters, parseQdiscs, type Qdisc} from './links.ts';
import type {Tools} from './read.ts';

/** Queues that only order or drop at their limit, as the kernel and netback set them up, or that do nothing at all. */
const plainQdiscs = [
	'noqueue',
	'mq',
	'pfifo_fast',
	'pfifo',
	'bfifo',
	'fq',
	'fq_codel',
	'codel',
	'sfq',
	'clsact',
	'ingress',
];

/** What traffic control does on the devices, in words; nothing where it only queues. */
export async function readControl(
	devices: readonly string[],
	tools: Tools,
): Promise<ReadonlyMap<string, string>> {
	const found = new Map<string, string>();

	for (const qdisc of parseQdiscs(await tools.run('tc', ['-json', 'qdisc', 'show']))) {
		if (!devices.includes(qdisc.device)) continue;
		const text = plainQdiscs.includes(qdisc.kind)
			? await readFilters(qdisc, tools)
			: `a tc qdisc (${qdisc.kind})`;
		if (text !== undefined) found.set(qdisc.device, text);
	}

	return found;
}

async function readFilters(qdisc: Qdisc, tools: Tools): Promise<string | undefined> {
	for (const place of placesOf(qdisc)) {
		const args = ['-json', 'filter', 'show', 'dev', qdisc.device, ...place];
		const kinds = parseFilters(await tools.run('tc', args));
		if (kinds.length > 0) return `a tc ${place.join(' ')} filter (${kinds.join(', ')})`;
	}

	return undefined;
}

/** Where tc shows the filters that a plain queue may hold. */
function placesOf({kind, handle, isRoot}: Qdisc): readonly string[][] {
	switch (kind) {
		case 'clsact':
		case 'ingress':
			return [['ingress'], ['egress']];
		case 'fq_codel':
		case 'sfq':
			// The kernel takes 0: for the root; no filter gets to another queue without a handle.
			return isRoot || handle !== '0:' ? [['parent', handle]] : [];
		default:
			return [];
	}
}
