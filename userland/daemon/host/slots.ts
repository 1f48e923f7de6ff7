// SPDX-License-Identifier: MIT

/**
 * A small number for each domain that something is kept of, so that an array by these is dense: domids only grow, and
 * come back to 1 after 32 751. A number that nothing needs any more is given again.
 */
export class Slots {
	readonly #slots = new Map<number, number>();
	readonly #domids: number[] = [];
	/** By slot, how often it was taken and not released. */
	readonly #uses: number[] = [];
	readonly #free: number[] = [];

	/** Above all that are in use. */
	get size(): number {
		return this.#domids.length;
	}

	get(domid: number): number | undefined {
		return this.#slots.get(domid);
	}

	/** Of one that is in use. */
	domidIn(slot: number): number {
		return this.#domids[slot] ?? -1;
	}

	take(domid: number): number {
		const slot = this.#slots.get(domid) ?? this.#give(domid);
		this.#uses[slot] = (this.#uses[slot] ?? 0) + 1;

		return slot;
	}

	release(domid: number): void {
		const slot = this.#slots.get(domid);
		if (slot === undefined) {
			return;
		}
		const uses = (this.#uses[slot] ?? 0) - 1;
		this.#uses[slot] = uses;
		if (uses === 0) {
			this.#slots.delete(domid);
			this.#free.push(slot);
		}
	}

	#give(domid: number): number {
		const slot = this.#free.pop() ?? this.#domids.length;
		this.#slots.set(domid, slot);
		this.#domids[slot] = domid;

		return slot;
	}
}
