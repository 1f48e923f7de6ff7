// SPDX-License-Identifier: MIT

/** Numbers that a seed decides: mulberry32. */
export type Random = {
	/** 0 up to, not including, `limit`. */
	below(limit: number): number;
	chance(probability: number): boolean;
	pick<T>(from: readonly T[]): T;
	some<T>(from: readonly T[], most: number): T[];
};

export function seeded(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);

		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const below = (limit: number) => Math.floor(next() * limit);
	const pick = <T>(from: readonly T[]): T => {
		if (from.length === 0) {
			throw new Error('nothing to pick from');
		}

		return from[below(from.length)] as T;
	};

	return {
		below,
		pick,
		chance: probability => next() < probability,
		some: (from, most) => Array.from({length: 1 + below(most)}, () => pick(from)),
	};
}
