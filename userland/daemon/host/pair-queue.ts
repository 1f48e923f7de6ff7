// SPDX-License-Identifier: MIT
import {PairMap} from './by-pair.ts';

const mark = {};

/** Keys of pairs that wait for their turn, each once, those with the same lower domid one after the other. */
export class PairQueue {
	readonly #waiting = new PairMap<object>();
	/* What comes in behind it has its turn when it has come to the end. */
	#next = this.#waiting.keys();

	get size(): number {
		return this.#waiting.size;
	}

	add(key: number): void {
		this.#waiting.set(key, mark);
	}

	take(): number | undefined {
		if (this.#waiting.size === 0) {
			return undefined;
		}
		let next = this.#next.next();
		if (next.done) {
			this.#next = this.#waiting.keys();
			next = this.#next.next();
		}
		if (next.done) {
			return undefined;
		}
		this.#waiting.delete(next.value);

		return next.value;
	}
}
