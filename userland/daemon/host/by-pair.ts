// SPDX-License-Identifier: MIT
import {highOf, keyOf, lowOf} from './pair.ts';
import {Queue} from './queue.ts';

/*
 * Half a million pairs in one map or set: when it grows, all are moved at once, which takes tenths of a
 * second. Those of one domain are a thousand.
 */

/** A map by the keys of pairs. */
export class PairMap<T> {
	readonly #rows = new Map<number, Map<number, T>>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	get(key: number): T | undefined {
		return this.#rows.get(lowOf(key))?.get(highOf(key));
	}

	set(key: number, value: T): void {
		const low = lowOf(key);
		const high = highOf(key);
		const row = rowOf(this.#rows, low, () => new Map<number, T>());
		this.#size -= row.size;
		row.set(high, value);
		this.#size += row.size;
	}

	delete(key: number): void {
		const low = lowOf(key);
		const high = highOf(key);
		const row = this.#rows.get(low);
		this.#size -= row?.delete(high) ? 1 : 0;
		if (row?.size === 0) {
			this.#rows.delete(low);
		}
	}

	*keys(): Generator<number> {
		for (const [low, row] of this.#rows) {
			for (const high of row.keys()) {
				yield keyOf(low, high);
			}
		}
	}
}

/** Keys of pairs that wait for their turn, those with the same lower domid one after the other. */
export class PairQueue {
	readonly #rows = new Map<number, Queue<number>>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	add(key: number): void {
		const low = lowOf(key);
		const high = highOf(key);
		const row = rowOf(this.#rows, low, () => new Queue<number>());
		this.#size -= row.size;
		row.add(high);
		this.#size += row.size;
	}

	take(): number | undefined {
		for (const [low, row] of this.#rows) {
			const high = row.take();
			if (row.size === 0) {
				this.#rows.delete(low);
			}
			if (high !== undefined) {
				this.#size -= 1;

				return keyOf(low, high);
			}
		}

		return undefined;
	}
}

function rowOf<Row>(rows: Map<number, Row>, low: number, create: () => Row): Row {
	let row = rows.get(low);
	if (row === undefined) {
		row = create();
		rows.set(low, row);
	}

	return row;
}
