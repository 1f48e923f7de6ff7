// SPDX-License-Identifier: MIT
import type {Clock} from './clock.ts';
import {describe, sentence, type Log} from './log.ts';

const first = 1000;
const most = 30_000;
/** A run that held this long was no failure to start. */
const good = 60_000;

/** Runs a role again and again: what it lost (XenStore, say) may come back. */
export async function supervise(
	role: string,
	run: (signal: AbortSignal) => Promise<void>,
	{clock, log, problems}: {clock: Clock; log: Log; problems: Map<string, string>},
	signal: AbortSignal,
): Promise<void> {
	let delay = first;
	while (!signal.aborted) {
		const start = clock.now();
		problems.delete(role);
		/* What is tried again every half minute is no news. */
		log[delay < most ? 'info' : 'debug']('role.started', {role});
		try {
			await run(signal);
		} catch (error) {
			problems.set(role, `${role}: ${sentence(error)}`);
			log.error('role.failed', {role, ...describe(error)});
		}
		if (signal.aborted) {
			break;
		}
		if (clock.now() - start > good) {
			delay = first;
		}
		await clock.sleep(delay, signal);
		delay = Math.min(most, delay * 2);
	}
	log.info('role.stopped', {role});
}
