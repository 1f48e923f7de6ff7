// SPDX-License-Identifier: MIT

/** The same seed and index, the same choices. */
export type Random = {
	/** From 0 to below `bound`. */
	below(bound: number): number;
	chance(probability: number): boolean;
	pick<T>(from: readonly T[]): T;
	/** Each option as often as its weight says. */
	weighted<T>(from: ReadonlyArray<readonly [weight: number, option: T]>): T;
	/** `least` to `most` of what `make` makes. */
	several<T>(least: number, most: number, make: (index: number) => T): T[];
};

export function createRandom(seed: number, index: number): Random {
	let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
	// mulberry32, by Tommy Ettinger.
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);

		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (bound: number) => Math.floor(next() * bound);

	return {
		below,
		chance: probability => next() < probability,
		pick: from => from[below(from.length)] ?? fail(),
		weighted(from) {
			let left = next() * from.reduce((sum, [weight]) => sum + weight, 0);
			for (const [weight, option] of from) {
				left -= weight;
				if (left < 0) {
					return option;
				}
			}

			return from.at(-1)?.[1] ?? fail();
		},
		several: (least, most, make) =>
			Array.from({length: least + below(most - least + 1)}, (_, count) => make(count)),
	};
}

function fail(): never {
	throw new Error('there is nothing to choose from');
}
