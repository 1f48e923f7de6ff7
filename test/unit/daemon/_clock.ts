// SPDX-License-Identifier: MIT
import type {Clock} from '../../../userland/daemon/clock.ts';

export type FakeClock = Clock & {
	/** Moves on, waking sleepers in order; what they start is through before time goes on. */
	advance(ms: number): Promise<void>;
	/** Moves on in small steps until `isSo`; throws after `limit` ms of its own time. */
	until(what: string, isSo: () => boolean | Promise<boolean>, limit?: number): Promise<void>;
};

type Sleeper = {readonly at: number; readonly wake: () => void};

/** Starts at 100 s of uptime, in the year 2001. */
export function fakeClock(): FakeClock {
	let now = 100_000;
	const sleepers = new Set<Sleeper>();

	const advance = async (ms: number) => {
		const end = now + ms;
		await quiet();
		for (;;) {
			const due = [...sleepers].filter(({at}) => at <= end).sort((a, b) => a.at - b.at)[0];
			if (!due) {
				break;
			}
			now = Math.max(now, due.at);
			due.wake();
			await quiet();
		}
		now = end;
	};

	return {
		now: () => now,
		unix: () => 1_000_000_000 + Math.floor(now / 1000),
		bootNs: () => BigInt(now) * 1_000_000n,
		sleep: (ms, signal) =>
			new Promise(resolve => {
				if (signal.aborted) {
					return resolve();
				}
				const wake = () => {
					sleepers.delete(sleeper);
					signal.removeEventListener('abort', wake);
					resolve();
				};
				const sleeper = {at: now + ms, wake};
				sleepers.add(sleeper);
				signal.addEventListener('abort', wake);
			}),
		advance,
		async until(what, isSo, limit = 60_000) {
			const end = now + limit;
			while (!(await isSo())) {
				if (now >= end) {
					throw new Error(`not within ${limit} ms: ${what}`);
				}
				await advance(10);
			}
		},
	};
}

/** Lets everything that can run without time passing run: the fakes answer within a few turns. */
async function quiet(): Promise<void> {
	for (let turn = 0; turn < 20; turn++) {
		await new Promise(resolve => setImmediate(resolve));
	}
}
