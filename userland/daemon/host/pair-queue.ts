// SPDX-License-Identifier: MIT
import {highOf, keyOf, lowOf} from './pair.ts';

/** Domids are below 2^15. */
const wordsOfRow = 2 ** 15 / 32;

/** Which pairs of one lower domid wait: a bit for each higher one. */
type Row = {
	readonly bits: Uint32Array;
	count: number;
	/** No bit is set in a word before it. */ from: number;
};

/** Keys of pairs that wait for their turn, each once, those with the same lower domid one after the other. */
export class PairQueue {
	/* The first has its turn; one that comes in when it is empty stands behind all. */
	readonly #rows = new Map<number, Row>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	add(key: number): void {
		const row = this.#open(lowOf(key));
		const word = highOf(key) >>> 5;
		const bit = 1 << (highOf(key) & 31);
		const before = row.bits[word] ?? 0;

		if ((before & bit) === 0) {
			row.bits[word] = before | bit;
			row.from = Math.min(row.from, word);
			row.count += 1;
			this.#size += 1;
		}
	}

	take(): number | undefined {
		for (const [low, row] of this.#rows) {
			const high = takeLowest(row);

			this.#size -= 1;
			if (row.count === 0) {
				this.#rows.delete(low);
			}

			return keyOf(low, high);
		}

		return undefined;
	}

	#open(low: number): Row {
		const known = this.#rows.get(low);
		if (known !== undefined) {
			return known;
		}
		const row = {bits: new Uint32Array(wordsOfRow), count: 0, from: wordsOfRow};
		this.#rows.set(low, row);

		return row;
	}
}

/** Of a row in which there is one. */
function takeLowest(row: Row): number {
	const {bits} = row;

	while (bits[row.from] === 0) {
		row.from += 1;
	}
	const word = bits[row.from] ?? 0;
	row.count -= 1;
	row.bits[row.from] = word & (word - 1);

	return row.from * 32 + 31 - Math.clz32(word & -word);
}
