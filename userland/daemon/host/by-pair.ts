// SPDX-License-Identifier: MIT
import {highOf, keyOf, lowOf} from './pair.ts';
import {Slots} from './slots.ts';

/*
 * Half a million pairs in one map or set: when it grows, all are moved at once, which takes tenths of a
 * second. Those of one domain are a thousand, in an array with a slot for each other domain.
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
}

/** A map by the keys of pairs. */
export class PairMap<T extends object> {
	readonly #slots = new Slots();
	readonly #rows = new Rows(() => ({
		size: 0,
		values: new Array<T | undefined>(this.#slots.size),
	}));
	#size = 0;

	get size(): number {
		return this.#size;
	}

	get(key: number): T | undefined {
		const slot = this.#slots.get(highOf(key));

		return slot === undefined ? undefined : this.#rows.get(lowOf(key))?.values[slot];
	}

	set(key: number, value: T): void {
		const isNew = this.get(key) === undefined;
		const slot = isNew ? this.#slots.take(highOf(key)) : this.#slots.get(highOf(key));
		const row = this.#rows.open(lowOf(key));
		if (slot !== undefined) {
			row.values[slot] = value;
		}
		row.size += isNew ? 1 : 0;
		this.#size += isNew ? 1 : 0;
	}

	delete(key: number): void {
		const row = this.#rows.get(lowOf(key));
		const slot = this.#slots.get(highOf(key));
		if (row === undefined || slot === undefined || row.values[slot] === undefined) {
			return;
		}
		row.values[slot] = undefined;
		row.size -= 1;
		this.#size -= 1;
		this.#slots.release(highOf(key));
		if (row.size === 0) {
			this.#rows.delete(lowOf(key));
		}
	}

	/** What is added or deleted meanwhile may be among them. */
	*keys(): Generator<number> {
		for (const [low, {values}] of this.#rows) {
			for (let slot = 0; slot < values.length; slot++) {
				if (values[slot] !== undefined) {
					yield keyOf(low, this.#slots.domidIn(slot));
				}
			}
		}
	}
}
