// SPDX-License-Identifier: MIT
import {uptime} from 'node:os';

/** Time as the daemon sees it; in tests it moves only when told to. */
export type Clock = {
	/** Milliseconds that never jump, from an arbitrary start. */
	now(): number;
	/** Seconds since 1970. */
	unix(): number;
	/** Nanoseconds of CLOCK_BOOTTIME, in which the kernel says `since`. */
	bootNs(): bigint;
	/** Ends after `ms` or at the signal, whichever is first; never rejects. */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
};

export function systemClock(): Clock {
	return {
		now: () => performance.now(),
		unix: () => Math.floor(Date.now() / 1000),
		bootNs: () => BigInt(Math.round(uptime() * 1000)) * 1_000_000n,
		sleep,
	};
}

/** When the kernel's `since` was, in seconds since 1970. */
export function unixOf(bootNs: bigint, clock: Clock): number {
	return clock.unix() - Number((clock.bootNs() - bootNs) / 1_000_000_000n);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise(resolve => {
		if (signal.aborted) {
			resolve();

			return;
		}
		const end = () => {
			clearTimeout(timer);
			signal.removeEventListener('abort', end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal.addEventListener('abort', end);
	});
}
