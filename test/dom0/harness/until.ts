// SPDX-License-Identifier: MIT
import {setTimeout as pause} from 'node:timers/promises';

/** Milliseconds. */
export type Patience = {readonly within?: number};

/** Between two looks; where the machine is busy a pause counts no more than `most`. */
const every = 5;
const most = 10;

/**
 * Waits for a condition that has a name; answers how long that took, in milliseconds. Time that this
 * process had to wait for a processor does not count: the ones it waits for had to wait as well.
 */
export async function until(
	condition: string,
	holds: () => Promise<boolean> | boolean,
	{within = 10_000}: Patience = {},
): Promise<number> {
	const from = performance.now();
	let waited = 0;

	while (!(await holds())) {
		if (waited > within) {
			const ms = Math.round(performance.now() - from);
			throw new Error(`not within ${within} ms (${ms} on the clock): ${condition}`);
		}
		const before = performance.now();
		await pause(every);
		waited += Math.min(most, performance.now() - before);
	}

	return waited;
}
