// SPDX-License-Identifier: MIT
import {arms, type Arm} from './row.ts';
import type {Result} from './results.ts';

export type Change = {
	readonly name: string;
	readonly arm: Arm;
	readonly unit: string;
	readonly old: number;
	readonly now: number;
	/** In percent of the old figure, above 0 when it got better. */
	readonly gain: number;
	/** Whether each round of one lies above each of the other. */
	readonly apart: boolean;
	/** Why rounds or runs of this row differ, where that is known. */
	readonly scatters?: string;
};

export type Comparison = {
	readonly changes: readonly Change[];
	/** Differences no larger than those between rounds: no change that anybody could tell. */
	readonly unclear: readonly Change[];
	/** What only one of them has. */
	readonly gone: readonly string[];
	readonly added: readonly string[];
};

/** What changed by more than some percent, and what only one side has. */
export function compare(old: readonly Result[], now: readonly Result[], percent = 2): Comparison {
	const names = (results: readonly Result[]) =>
		new Set(results.flatMap(each => armsOf(each).map(arm => `${each.name} by ${arm}`)));
	const [before, after] = [names(old), names(now)];
	const changes = now.flatMap(each => {
		const was = old.find(({name}) => name === each.name);

		return was ? armsOf(each).flatMap(arm => changeOf(was, each, arm)) : [];
	});
	const large = changes.filter(({gain}) => Math.abs(gain) > percent);

	return {
		changes: large.filter(({apart}) => apart),
		unclear: large.filter(({apart}) => !apart),
		gone: [...before].filter(name => !after.has(name)),
		added: [...after].filter(name => !before.has(name)),
	};
}

function armsOf(result: Result): Arm[] {
	return arms.filter(arm => result[arm] !== undefined);
}

function changeOf(was: Result, is: Result, arm: Arm): Change[] {
	const [old, now] = [was[arm], is[arm]];
	if (old === undefined || now === undefined || old === now) {
		return [];
	}
	const growth = old === 0 ? Infinity : ((now - old) / old) * 100;
	const gain = is.better === 'more' ? growth : -growth;
	const [before, after] = [was.rounds?.[arm] ?? [old], is.rounds?.[arm] ?? [now]];

	return [
		{
			...{name: is.name, arm, unit: is.unit, old, now, gain, apart: areApart(before, after)},
			...(is.scatters === undefined ? {} : {scatters: is.scatters}),
		},
	];
}

function areApart(some: readonly number[], others: readonly number[]): boolean {
	return Math.max(...some) < Math.min(...others) || Math.max(...others) < Math.min(...some);
}
