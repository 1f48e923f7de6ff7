// SPDX-License-Identifier: MIT

/** Numbers that wait for their turn, each once, first come first served. */
export class Queue {
	readonly #waiting = new Set<number>();
	/* A set is looked through from its beginning, past all that was taken out: not for each. */
	#next = this.#waiting.values();

	get size(): number {
		return this.#waiting.size;
	}

	add(one: number): void {
		this.#waiting.add(one);
	}

	delete(one: number): void {
		this.#waiting.delete(one);
	}

	take(): number | undefined {
		if (this.#waiting.size === 0) {
			return undefined;
		}
		let next = this.#next.next();
		if (next.done) {
			this.#next = this.#waiting.values();
			next = this.#next.next();
		}
		if (next.value !== undefined) {
			this.#waiting.delete(next.value);
		}

		return next.value;
	}
}
