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
 * A queue that takes less than this loses what a channel would bring. In packets, it is the least that netback has given
 * a vif of its own accord (XENVIF_QUEUE_LENGTH, long the only length), so that a burst passes. In bytes, it is one packet
 * of 64 KiB, which guests and dom0 leave unsegmented, with the headers that count once for each segment, and what the
 * kernel keeps of it besides. In microseconds, it is what a burst may wait for a guest that is slow: a discipline that drops
 * or marks sooner does so where nothing is overloaded.
 */
const leastRoom = {packets: 32, bytes: 128 * 1024, us: 1000} as const;

export type ControlTools = {
	readQueues(): Promise<readonly Queue[]>;
	/** The kinds of the filters at one place of a device; none where it has gone. */
	readFilters(ifindex: number, parent: number): Promise<readonly string[]>;
};

/** What traffic control does on these devices, by name, in words; nothing where it only queues. */
export async function readControl(
	devices: readonly Pick<Device, 'name' | 'ifindex' | 'queueLength'>[],
	tools: ControlTools,
): Promise<ReadonlyMap<string, string>> {
	const byIndex = new Map(devices.map(device => [device.ifindex, device]));
	const found = new Map<string, string>();

	for (const queue of await tools.readQueues()) {
		const device = byIndex.get(queue.ifindex);

		if (device === undefined || found.has(device.name)) {
			continue;
		}
		const short = shortLimit(queue, device);
		const text =
			isPlain(queue) && short === undefined
				? await filtersOf(queue, tools)
				: `a tc qdisc (${describe(queue, short)})`;

		if (text !== undefined) {
			found.set(device.name, text);
		}
	}

	return found;
}

/** Does it only queue, and drop at its limit or by delay, as the kernel and netback set up theirs? */
function isPlain({kind, hasRate, effect}: Queue): boolean {
	const isKnown = holders.includes(kind) || plain.includes(kind) || rated.includes(kind);

	return isKnown && !hasRate && effect === undefined;
}

type Limit = Pick<QueueLimit, 'unit' | 'value'> & {readonly name: string};

function shortLimit(
	{kind, limits}: Queue,
	{queueLength}: Pick<Device, 'queueLength'>,
): Limit | undefined {
	const ofDevice: readonly Limit[] =
		kind === 'pfifo_fast' && queueLength !== undefined
			? [{name: 'txqueuelen', unit: 'packets', value: queueLength}]
			: [];

	return [...limits, ...ofDevice].find(({unit, value}) => value < leastRoom[unit]);
}

function describe({kind, hasRate, effect}: Queue, short: Limit | undefined): string {
	if (hasRate) {
		return `${kind} with a rate`;
	}
	if (effect !== undefined) {
		return `${kind} with ${effect}`;
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
