// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';

const first = 1000;
const most = 60_000;

type Failure = {readonly delay: number; readonly at: number};

/** What XenStore refused, by a number for whom it was: tried again after 1 s, doubling to 60 s. */
export class Failures {
	readonly #failures = new Map<number, Failure>();
	readonly #clock: Clock;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Answers whether this is the first of a row. */
	add(id: number): boolean {
		const before = this.#failures.get(id);
		const isRow = before !== undefined && this.#clock.now() < before.at + most;
		const delay = isRow ? Math.min(most, 2 * before.delay) : first;
		/* Several steps of one try may be refused: they count once. */
		if (!isRow || this.#clock.now() >= before.at) {
			this.#failures.set(id, {delay, at: this.#clock.now() + delay});
		}

		return !isRow;
	}

	/** In how many ms it may be tried again; 0 for now. */
	dueIn(id: number): number {
		return Math.max(0, (this.#failures.get(id)?.at ?? -Infinity) - this.#clock.now());
	}

	forget(id: number): void {
		this.#failures.delete(id);
	}
}
