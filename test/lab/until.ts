// SPDX-License-Identifier: MIT
import {setTimeout as pause} from 'node:timers/promises';
import {hasSystemd, stackFromEnvironment, watches} from './images.ts';

const stack = stackFromEnvironment();

/** How much longer everything may take: every check of a kernel that watches is emulated, too, and every unit. */
export const patience = watches(stack) || hasSystemd(stack) ? 5 : 1;

export type UntilOptions = {
	/** How long the condition may stay away, in milliseconds. */
	readonly timeout?: number;
	/** How long to leave the machines alone between two looks. */
	readonly every?: number;
};

/** Waits for a condition that has a name, not for a time. */
export async function until(
	condition: string,
	holds: () => Promise<boolean> | boolean,
	{timeout = 60_000, every = 100}: UntilOptions = {},
): Promise<void> {
	const deadline = Date.now() + timeout * patience;

	while (!(await holds())) {
		if (Date.now() > deadline) {
			throw new Error(`not within ${timeout} ms: ${condition}`);
		}
		await pause(every);
	}
}
