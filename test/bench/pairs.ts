// SPDX-License-Identifier: MIT
import {median} from './parse.ts';
import {round} from './results.ts';

/** One turn of one arm. */
export type Taken = {
	readonly value: number;
	/** How many processors of this machine the emulator kept busy meanwhile. */
	readonly processors: number;
};

/** Two ways to do the same, which take turns. */
export type Contest = {
	readonly name: string;
	/** More of it is better. */
	readonly unit: string;
	readonly arms: readonly [string, string];
	readonly take: (arm: string) => Promise<Taken>;
};

/** The second arm against the first: what load changes from turn to turn, it changes for both. */
export type Pair = readonly [Taken, Taken];

export type Outcome = Pick<Contest, 'name' | 'unit' | 'arms'> & {
	readonly pairs: number;
	/** Medians, in the order of the arms. */
	readonly values: readonly number[];
	readonly processors: readonly number[];
	/** Of the pairs' ratios: second to first. */
	readonly ratio: {readonly median: number; readonly least: number; readonly most: number};
};

export async function compete(contest: Contest, pairs: number): Promise<Outcome> {
	const taken: Pair[] = [];
	for (let pair = 0; pair < pairs; pair++) {
		const [first, second] = contest.arms;
		taken.push([await contest.take(first), await contest.take(second)]);
	}

	return outcomeOf(contest, taken);
}

export function outcomeOf(
	{name, unit, arms}: Pick<Contest, 'name' | 'unit' | 'arms'>,
	taken: readonly Pair[],
): Outcome {
	const ratios = taken.map(([first, second]) => second.value / first.value);
	const medians = (of: keyof Taken) =>
		[0, 1].map(arm => round(median(taken.map(pair => pair[arm]?.[of] ?? NaN))));

	return {
		...{name, unit, arms, pairs: taken.length},
		values: medians('value'),
		processors: medians('processors'),
		ratio: {
			median: round(median(ratios)),
			least: round(Math.min(...ratios)),
			most: round(Math.max(...ratios)),
		},
	};
}
