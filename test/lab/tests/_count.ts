// SPDX-License-Identifier: MIT
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import type {Guest} from '../guest.ts';

/** How often something is done: from the environment, else what fits an hour with all the rest. */
export function count(name: string, usual: number): number {
	const given = process.env[name];
	const value = given === undefined || given === '' ? usual : Number(given);
	if (Number.isInteger(value) && value > 0) return value;
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
		if (Date.now() > deadline) return time;
		await once(time);
		// ava ends a test that asserts nothing for long.
		t.pass();
	}
	return times;
}

/** KiB, when caches that can go have gone. */
export type Memory = {readonly MemAvailable: number; readonly SUnreclaim: number};

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
		if (found === undefined) throw new Error(`no ${field} in /proc/meminfo: ${text}`);
		return Number(found);
	};
	return {MemAvailable: of('MemAvailable'), SUnreclaim: of('SUnreclaim')};
}

/** What is missing or has grown, beyond what programs and kernels do by themselves. */
export function leaks(before: Memory, after: Memory): string[] {
	const slab = after.SUnreclaim - before.SUnreclaim;
	const gone = before.MemAvailable - after.MemAvailable;
	return [
		...(slab > 1024 ? [`slab grew by ${slab} KiB`] : []),
		...(gone > 8192 ? [`${gone} KiB of memory are gone`] : []),
	];
}

export function compared(name: string, before: Memory, after: Memory): string {
	return `${name}: available ${before.MemAvailable} -> ${after.MemAvailable} KiB, slab ${before.SUnreclaim} -> ${after.SUnreclaim} KiB`;
}
