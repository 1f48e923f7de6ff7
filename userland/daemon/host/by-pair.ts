// SPDX-License-Identifier: MIT
import {highOf, keyOf, lowOf} from './pair.ts';
import {Queue} from './queue.ts';

/*
 * Half a million pairs in one map or set: when it grows, all are moved at once, which takes tenths of a
 * second. Those of one domain are a thousand.
 */

/** Rows by the lower domid. Work goes from one pair of a row to the next, so that the last row is at hand. */
class Rows<Row> {
	readonly #rows = new Map<number, Row>();
	readonly #create: () => Row;
	#low = -1;
	#row: Row | undefined;

	constructor(create: () => Row) {
		this.#create = create;
	}

	[Symbol.iterator](): Iterator<[number, Row]> {
		return this.#rows[Symbol.iterator]();
	}

	get(low: number): Row | undefined {
		if (low !== this.#low) {
			[this.#low, this.#row] = [low, this.#rows.get(low)];
		}

		return this.#row;
	}

	open(low: number): Row {
		const known = this.get(low);
		if (known !== undefined) {
			return known;
		}
		const row = this.#create();
		this.#rows.set(low, row);
		this.#row = row;

		return row;
	}

	delete(low: number): void {
		this.#rows.delete(low);
		this.#low = -1;
	}

	/** The lower domid of the oldest row. */
	get first(): number | undefined {
		return this.#rows.keys().next().value;
	}
}

/** A map by the keys of pairs. */
export class PairMap<T> {
	readonly #rows = new Rows(() => new Map<number, T>());
	#size = 0;

	get size(): number {
		return this.#size;
	}

	get(key: number): T | undefined {
		return this.#rows.get(lowOf(key))?.get(highOf(key));
	}

	set(key: number, value: T): void {
		const row = this.#rows.open(lowOf(key));
		this.#size -= row.size;
		row.set(highOf(key), value);
		this.#size += row.size;
	}

	delete(key: number): void {
		const row = this.#rows.get(lowOf(key));
		this.#size -= row?.delete(highOf(key)) ? 1 : 0;
		if (row?.size === 0) {
			this.#rows.delete(lowOf(key));
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
	readonly #rows = new Rows(() => new Queue<number>());
	#size = 0;
	/** The row that is taken from. */
	#low: number | undefined;

	get size(): number {
		return this.#size;
	}

	add(key: number): void {
		const row = this.#rows.open(lowOf(key));
		this.#size -= row.size;
		row.add(highOf(key));
		this.#size += row.size;
	}

	take(): number | undefined {
		this.#low ??= this.#rows.first;
		if (this.#low === undefined) {
			return undefined;
		}
		const low = this.#low;
		const row = this.#rows.get(low);
		const high = row?.take();
		if (row === undefined || row.size === 0) {
			this.#rows.delete(low);
			this.#low = undefined;
		}
		if (high === undefined) {
			return this.take();
		}
		this.#size -= 1;

		return keyOf(low, high);
	}
}
