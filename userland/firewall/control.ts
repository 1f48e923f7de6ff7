// SPDX-License-Identifier: MIT
import {plainDisciplines, ratedDisciplines} from '../kernel/constants.ts';
import {parseFilters, parseQdiscs, type Qdisc} from './links.ts';
import type {Tools} from './read.ts';

const plain: readonly string[] = plainDisciplines;
const rated: readonly string[] = ratedDisciplines;

/** What only holds others, or filters. */
const holders: readonly string[] = ['mq', 'clsact', 'ingress'];

/** What traffic control does on the devices, in words; nothing where it only queues. */
export async function readControl(
	devices: readonly string[],
	tools: Tools,
): Promise<ReadonlyMap<string, string>> {
	const found = new Map<string, string>();

	for (const qdisc of parseQdiscs(await tools.run('tc', ['-json', 'qdisc', 'show']))) {
		if (!devices.includes(qdisc.device)) continue;
		const text = isPlain(qdisc)
			? await readFilters(qdisc, tools)
			: `a tc qdisc (${nameOf(qdisc)})`;
		if (text !== undefined) found.set(qdisc.device, text);
	}

	return found;
}

/** Does it only queue, and drop at its limit or by delay, as the kernel and netback set up theirs? */
function isPlain({kind, options}: Qdisc): boolean {
	return holders.includes(kind) || plain.includes(kind) || hasNoRate(kind, options);
}

function hasNoRate(kind: string, {maxrate, bandwidth, autorate}: Qdisc['options']): boolean {
	switch (kind) {
		case 'fq':
			return maxrate === undefined;
		case 'cake':
			return bandwidth === 'unlimited' && autorate === undefined;
		default:
			return false;
	}
}

function nameOf({kind}: Qdisc): string {
	return rated.includes(kind) ? `${kind} with a rate` : kind;
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
		case 'fq_pie':
		case 'cake':
			// The kernel takes 0: for the root; no filter gets to another queue without a handle.
			return isRoot || handle !== '0:' ? [['parent', handle]] : [];
		default:
			return [];
	}
}
