// SPDX-License-Identifier: MIT
import {plainDisciplines, ratedDisciplines} from '../kernel/constants.ts';
import type {Device} from '../kernel/devices.ts';
import type {QueueLimit} from '../kernel/queue-limits.ts';
import {filterPlaces, type Queue} from '../kernel/queues.ts';

const plain: readonly string[] = plainDisciplines;
const rated: readonly string[] = ratedDisciplines;

/** What only holds others, or filters. */
const holders: readonly string[] = ['mq', 'clsact', 'ingress'];

/**
 * A queue that takes less than this loses what a channel would bring. In packets, it is what netback gives a vif of its
 * own accord (XENVIF_QUEUE_LENGTH), so that a burst passes. In bytes, it is one packet of 64 KiB, which guests and dom0
 * leave unsegmented, with the headers that count once for each segment, and what the kernel keeps of it besides.
 */
const leastRoom = {packets: 32, bytes: 128 * 1024} as const;

export type ControlTools = {
	readQueues(): Promise<readonly Queue[]>;
	/** The kinds of the filters at one place of a device; none where it has gone. */
	readFilters(ifindex: number, parent: number): Promise<readonly string[]>;
};

/** What traffic control does on these devices, by name, in words; nothing where it only queues. */
export async function readControl(
	devices: readonly Pick<Device, 'name' | 'ifindex'>[],
	tools: ControlTools,
): Promise<ReadonlyMap<string, string>> {
	const names = new Map(devices.map(({name, ifindex}) => [ifindex, name]));
	const found = new Map<string, string>();

	for (const queue of await tools.readQueues()) {
		const name = names.get(queue.ifindex);
		const text =
			name === undefined || found.has(name)
				? undefined
				: isPlain(queue)
					? await filtersOf(queue, tools)
					: `a tc qdisc (${kindOf(queue)})`;

		if (name !== undefined && text !== undefined) {
			found.set(name, text);
		}
	}

	return found;
}

/** Does it only queue, and drop at its limit or by delay, as the kernel and netback set up theirs? */
function isPlain(queue: Queue): boolean {
	const {kind, hasRate} = queue;

	return (
		holders.includes(kind) ||
		((plain.includes(kind) || (rated.includes(kind) && !hasRate)) &&
			shortLimit(queue) === undefined)
	);
}

function shortLimit({limits}: Queue): QueueLimit | undefined {
	return limits.find(({unit, value}) => value < leastRoom[unit]);
}

function kindOf(queue: Queue): string {
	const {kind, hasRate} = queue;
	const short = shortLimit(queue);

	if (hasRate) {
		return `${kind} with a rate`;
	}

	return short === undefined
		? kind
		: `${kind} with ${short.name} ${short.value}, less than ${leastRoom[short.unit]} ${short.unit}`;
}

async function filtersOf(queue: Queue, tools: ControlTools): Promise<string | undefined> {
	for (const [place, parent] of placesOf(queue)) {
		const kinds = await tools.readFilters(queue.ifindex, parent);

		if (kinds.length > 0) {
			return `a tc ${place} filter (${kinds.join(', ')})`;
		}
	}

	return undefined;
}

/** Where tc shows the filters that a plain queue may hold. */
function placesOf({kind, handle, isRoot}: Queue): (readonly [place: string, parent: number])[] {
	switch (kind) {
		case 'clsact':
			return Object.entries(filterPlaces);
		case 'ingress':
			return [['ingress', filterPlaces.ingress]];
		case 'fq_codel':
		case 'sfq':
		case 'fq_pie':
		case 'cake':
			// The kernel takes 0 for the root; no filter gets to another queue without a handle.
			return isRoot || handle !== 0
				? [[`parent ${(handle >>> 16).toString(16)}:`, handle]]
				: [];
		default:
			return [];
	}
}
