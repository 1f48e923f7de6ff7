// SPDX-License-Identifier: MIT
import type {Clock} from './clock.ts';

/** Repeats one piece of work when poked; however often, it runs at most 20 times a second. */
export type Rescan = {
	/**
	 * Something may have changed. Pokes during a run make one more, unless a later look of it serves
	 * them.
	 */
	poke(): void;
	/** Pokes, and waits until a run that began after it is through; at once where nothing runs. */
	settle(): Promise<void>;
	/** Runs `work` now, after every poke, when it asked to and every `period`. */
	run(work: Work, signal: AbortSignal): Promise<void>;
};

/**
 * Answers in how many ms it wants to run again; undefined: when poked. Work that looks more than once
 * calls `looking` before each look, which serves the pokes until then: mostly echoes of what it did.
 */
export type Work = (looking: () => void) => Promise<number | undefined>;

/* Guests may write as fast as they like; a handshake needs a few runs in quick succession. */
const burst = 5;
const window = 250;

export function createRescan(clock: Clock, period: number): Rescan {
	let poked = false;
	let isRunning = false;
	let wake = () => {};
	const waiting: Array<() => void> = [];

	const idle = async (ms: number, signal: AbortSignal) => {
		if (poked || signal.aborted) {
			return;
		}
		const woken = new AbortController();
		wake = () => woken.abort();
		signal.addEventListener('abort', wake);
		await clock.sleep(ms, woken.signal);
		signal.removeEventListener('abort', wake);
	};

	const poke = () => {
		poked = true;
		wake();
	};

	/* Who waits to be settled wants a whole run. */
	const looking = () => {
		if (waiting.length === 0) {
			poked = false;
		}
	};

	const turn = async (work: Work, starts: number[], signal: AbortSignal) => {
		const served = waiting.splice(0);
		looking();
		starts.push(clock.now());
		const again = await work(looking).finally(() => served.forEach(resolve => resolve()));
		await idle(Math.min(again ?? period, period), signal);
		const oldest = starts.length < burst ? undefined : starts.shift();
		const early = oldest === undefined ? 0 : oldest + window - clock.now();
		if (early > 0) {
			await clock.sleep(early, signal);
		}
	};

	return {
		poke,
		settle: () =>
			new Promise(resolve => {
				if (!isRunning) {
					return resolve();
				}
				waiting.push(resolve);
				poke();
			}),
		async run(work, signal) {
			const starts: number[] = [];
			isRunning = true;
			try {
				while (!signal.aborted) {
					await turn(work, starts, signal);
				}
			} finally {
				isRunning = false;
				for (const resolve of waiting.splice(0)) {
					resolve();
				}
			}
		},
	};
}
