// SPDX-License-Identifier: MIT
import {plainDisciplines, ratedDisciplines} from '../kernel/constants.ts';
import type {Device} from '../kernel/devices.ts';
import {filterPlaces, type Queue} from '../kernel/queues.ts';

const plain: readonly string[] = plainDisciplines;
const rated: readonly string[] = ratedDisciplines;

/** What only holds others, or filters. */
const holders: readonly string[] = ['mq', 'clsact', 'ingress'];

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
function isPlain({kind, hasRate}: Queue): boolean {
	return holders.includes(kind) || plain.includes(kind) || (rated.includes(kind) && !hasRate);
}

function kindOf({kind, hasRate}: Queue): string {
	return hasRate ? `${kind} with a rate` : kind;
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
