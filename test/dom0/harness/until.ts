// SPDX-License-Identifier: MIT
import {setTimeout as pause} from 'node:timers/promises';

/** Milliseconds. */
export type Patience = {readonly within?: number};

/** Between two looks; where the machine is busy a pause counts no more than `most`. */
const every = 5;
const most = 10;

/** So long it goes on looking for what is late already, to say when it came. */
const late = 5000;

/**
 * Waits for a condition that has a name; answers how long that took, in milliseconds. Time that this process had to wait
 * for a processor does not count, nor does that which those whom it waits for had to wait: `delayed` tells how long
 * that has been.
 */
export async function until(
	condition: string,
	holds: () => Promise<boolean> | boolean,
	{within = 10_000}: Patience = {},
	delayed: () => Promise<number> = async () => 0,
): Promise<number> {
	const from = performance.now();
	const before = await delayed();
	const ms = await look(
		holds,
		async waited => waited <= within || waited <= within + (await delayed()) - before,
	);
	if (ms !== undefined) {
		return ms;
	}
	const clock = Math.round(performance.now() - from);
	const more = await look(holds, async waited => waited < late);
	const then = more === undefined ? 'nor later' : `but ${Math.round(more)} ms later`;
	throw new Error(`not within ${within} ms (${clock} on the clock, ${then}): ${condition}`);
}

/** Looks again and again, for as long as `goesOn` says; undefined where it never held. */
async function look(
	holds: () => Promise<boolean> | boolean,
	goesOn: (waited: number) => Promise<boolean>,
): Promise<number | undefined> {
	let waited = 0;

	while (!(await holds())) {
		if (!(await goesOn(waited))) {
			return undefined;
		}
		const before = performance.now();
		await pause(every);
		waited += Math.min(most, performance.now() - before);
	}

	return waited;
}
