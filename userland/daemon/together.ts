// SPDX-License-Identifier: MIT
import {setMaxListeners} from 'node:events';

/**
 * Runs tasks until one of them ends or throws or the signal aborts, then stops the others and
 * waits for all. Throws what the first one threw.
 */
export async function together(
	signal: AbortSignal,
	tasks: ReadonlyArray<(signal: AbortSignal) => Promise<void>>,
): Promise<void> {
	const group = new AbortController();
	const abort = () => group.abort();
	/* Each listens, once or twice; Node takes more than ten for a leak. */
	setMaxListeners(2 * tasks.length + 10, group.signal);
	if (signal.aborted) {
		abort();
	}
	signal.addEventListener('abort', abort);

	const failures: unknown[] = [];
	const run = async (task: (signal: AbortSignal) => Promise<void>) => {
		try {
			await task(group.signal);
		} catch (error) {
			if (!group.signal.aborted) {
				failures.push(error);
			}
		} finally {
			abort();
		}
	};
	await Promise.all(tasks.map(run));
	signal.removeEventListener('abort', abort);
	if (failures.length > 0) {
		throw failures[0];
	}
}

/** Calls `each` for everything the iterator yields; hints need no more. */
export async function forEach<T>(
	items: AsyncIterable<T>,
	each: (item: T) => void | Promise<void>,
): Promise<void> {
	for await (const item of items) {
		await each(item);
	}
}
