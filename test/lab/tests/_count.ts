// SPDX-License-Identifier: MIT
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import type {Guest} from '../guest.ts';

/** How often something is done: from the environment, else what fits an hour with all the rest. */
export function count(name: string, usual: number): number {
	const given = process.env[name];
	const value = given === undefined || given === '' ? usual : Number(given);
	if (Number.isInteger(value) && value > 0) {
		return value;
	}
	throw new Error(`${name}: expected a count, got "${given}"`);
}

/** Does something so many times, or until the time is over; answers how often that was. */
export async function repeat(
	t: ExecutionContext,
	times: number,
	minutes: number,
	once: (time: number) => Promise<void>,
): Promise<number> {
	const deadline = Date.now() + minutes * 60_000;
	for (let time = 0; time < times; time++) {
		if (Date.now() > deadline) {
			return time;
		}
		await once(time);
		// ava ends a test that asserts nothing for long.
		t.pass();
	}

	return times;
}

/**
 * KiB, when caches that can go have gone. `kernel` is what is neither free nor a cache nor a
 * program's, `slab` the part of it that is objects. MemAvailable, an estimate, would say less: it went
 * up and down by 1.3 MiB where `kernel` stayed within 190 KiB.
 */
export type Memory = {readonly kernel: number; readonly slab: number; readonly programs: number};

export async function memoryOf(machine: Guest): Promise<Memory> {
	const {stdout} = await machine.run(
		'sync; echo 3 >/proc/sys/vm/drop_caches; cat /proc/meminfo',
		{silent: true},
	);

	return parseMemory(stdout);
}

export function parseMemory(text: string): Memory {
	const of = (field: string) => {
		const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1];
		if (found === undefined) {
			throw new Error(`no ${field} in /proc/meminfo: ${text}`);
		}

		return Number(found);
	};
	const programs = of('AnonPages');
	const caches = of('Buffers') + of('Cached') + of('SReclaimable');
	const kernel = of('MemTotal') - of('MemFree') - caches - programs;

	return {kernel, slab: of('SUnreclaim'), programs};
}

const kinds = ['kernel', 'slab', 'programs'] as const;
/** By how much kernels and programs, Node's heap above all, grow by themselves, and no more. */
const most: Memory = {kernel: 2048, slab: 1024, programs: 16_384};

export function leaks(before: Memory, after: Memory): string[] {
	return kinds
		.filter(each => after[each] - before[each] > most[each])
		.map(each => `${each} grew by ${after[each] - before[each]} KiB`);
}

export function compared(name: string, before: Memory, after: Memory): string {
	const changes = kinds.map(each => `${each} ${before[each]} -> ${after[each]} KiB`);

	return `${name}: ${changes.join(', ')}`;
}
