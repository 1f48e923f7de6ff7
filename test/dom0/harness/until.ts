// SPDX-License-Identifier: MIT
import {setTimeout as pause} from 'node:timers/promises';

/** Milliseconds. */
export type Patience = {readonly within?: number};

/** Waits for a condition that has a name; answers how long that took, in milliseconds. */
export async function until(
	condition: string,
	holds: () => Promise<boolean> | boolean,
	{within = 10_000}: Patience = {},
): Promise<number> {
	const from = performance.now();

	while (!(await holds())) {
		if (performance.now() - from > within) {
			throw new Error(`not within ${within} ms: ${condition}`);
		}
		await pause(5);
	}
	return performance.now() - from;
}
