// SPDX-License-Identifier: MIT

/** What waits for its turn, each once, first come first served. */
export class Queue<T> {
	readonly #waiting = new Set<T>();
	/* A set is looked through from its beginning, past all that was taken out: not for each. */
	#next = this.#waiting.values();

	get size(): number {
		return this.#waiting.size;
	}

	add(one: T): void {
		this.#waiting.add(one);
	}

	delete(one: T): void {
		this.#waiting.delete(one);
	}

	take(): T | undefined {
		if (this.#waiting.size === 0) {
			return undefined;
		}
		let next = this.#next.next();
		if (next.done) {
			this.#next = this.#waiting.values();
			next = this.#next.next();
		}
		if (next.done) {
			return undefined;
		}
		this.#waiting.delete(next.value);

		return next.value;
	}
}
