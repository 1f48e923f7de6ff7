// SPDX-License-Identifier: MIT
import {table} from '../../userland/cli/render.ts';
import type {Figure} from './parse.ts';
import {summarize, widest, type Summary} from './rounds.ts';
import {arms, type Arm, type Heading} from './row.ts';

export type PerArm<T> = Partial<Readonly<Record<Arm, T>>>;

/** What was measured of a row, a figure for each round; a run cut short has not all. */
export type Figures = PerArm<readonly Figure[]>;

/** A line of build/demo.json and build/bench.json. */
export type Result = PerArm<number> & {
	readonly name: string;
	readonly unit: string;
	readonly better: 'less' | 'more';
	readonly group?: string;
	/** Of the medians; above 1: the channel is better than netfront. */
	readonly ratio?: number;
	/** Each round's figure; the row's own is their median. */
	readonly rounds?: PerArm<readonly number[]>;
	/** How far the rounds lie apart, in percent of their median. */
	readonly spread?: PerArm<number>;
	/** Why they do, or why another run's figure does. */
	readonly scatters?: string;
	/** Datagrams that did not arrive, in percent of those sent. */
	readonly loss?: PerArm<number>;
	readonly detail?: PerArm<Readonly<Record<string, number>>>;
};

export function result({name, unit, better, worst, scatters}: Heading, figures: Figures): Result {
	const summaries = perArm(figures, each => summarize(each, worst ? 'worst' : 'median'));
	const rounded = (pick: (summary: Summary) => number | undefined) =>
		perArm(summaries, each => optional(pick(each)));
	const values = rounded(({value}) => value);
	const more = {
		rounds: perArm(summaries, ({rounds}) => rounds.map(round)),
		spread: rounded(({spread}) => spread),
		loss: rounded(({loss}) => loss),
		detail: perArm(summaries, ({detail}) => detail),
	};
	const gain = ratioOf({better}, summaries.channel?.value, summaries.netfront?.value);

	return {
		...{name, unit, better, ...values},
		...(gain === undefined ? {} : {ratio: gain}),
		...Object.fromEntries(
			Object.entries(more).filter(([, each]) => Object.keys(each).length > 0),
		),
		...(scatters === undefined ? {} : {scatters}),
	};
}

function optional(value: number | undefined): number | undefined {
	return value === undefined ? undefined : round(value);
}

/** How many times better one figure is than another; of nothing there is no multiple. */
export function ratioOf(
	{better}: Pick<Heading, 'better'>,
	value: number | undefined,
	base: number | undefined,
): number | undefined {
	if (!value || !base) {
		return undefined;
	}

	return round(better === 'more' ? value / base : base / value);
}

function perArm<S, T>(given: PerArm<S>, pick: (one: S) => T | undefined): PerArm<T> {
	const picked: Partial<Record<Arm, T>> = {};
	for (const arm of arms) {
		const one = given[arm];
		const value = one === undefined ? undefined : pick(one);
		if (value !== undefined) {
			picked[arm] = value;
		}
	}

	return picked;
}

/** The arms that some result has a figure of. */
export function armsOf(results: readonly Result[]): Arm[] {
	return arms.filter(arm => results.some(each => each[arm] !== undefined));
}

/** The table's cells, its head first; which columns are numbers; no column is empty. */
export function cells(results: readonly Result[]): {rows: string[][]; right: Set<number>} {
	const columns = armsOf(results);
	const unit = columns.length + 1;
	const head = ['', ...columns, 'unit', 'channel/netfront', 'spread', 'lost'];
	const right = new Set([...columns.map((_, index) => index + 1), unit + 1]);

	return {rows: [head, ...results.map(each => cellsOf(each, columns))], right};
}

function cellsOf(
	{name, unit, ratio, spread, loss, ...values}: Result,
	columns: readonly Arm[],
): string[] {
	return [
		name,
		...columns.map(arm => String(values[arm] ?? '-')),
		unit,
		ratio === undefined ? '-' : `${ratio.toFixed(2)} x`,
		spread ? columns.map(arm => marked(spread[arm])).join(', ') : '',
		loss ? columns.map(arm => percentOf(loss[arm])).join(', ') : '',
	];
}

function marked(percent: number | undefined): string {
	if (percent === undefined) {
		return '-';
	}

	return `${percent.toFixed(1)} %${percent > widest ? ' !' : ''}`;
}

function percentOf(percent: number | undefined): string {
	return percent === undefined ? '-' : `${percent} %`;
}

/** Rows whose rounds lie far apart, and why. */
export function scattered(results: readonly Result[]): string[] {
	return results.flatMap(({name, spread = {}, scatters = 'nobody knows why'}) => {
		const wide = armsOf(results).filter(arm => (spread[arm] ?? 0) > widest);
		const told = wide.map(arm => `${arm} ${marked(spread[arm])}`);

		return wide.length === 0 ? [] : [`${name}: ${told.join(', ')}: ${scatters}`];
	});
}

export function resultTable(results: readonly Result[]): string[] {
	const {rows, right} = cells(results);

	return table(rows, right);
}

/** What the channel was to win by and did not, in sentences. */
export function missedBounds(rows: readonly Heading[], results: readonly Result[]): string[] {
	return results.flatMap(({name, ratio = 0, loss}) => {
		const {bound = 0, lossless} = rows.find(row => row.name === name) ?? {};
		const lost = loss?.channel ?? 0;

		return [
			...(ratio < bound ? [`${name}: ${ratio} x, expected at least ${bound}`] : []),
			...(lossless && lost > 0
				? [`${name}: ${lost} % lost over the channel, expected none`]
				: []),
		];
	});
}

/** Four digits: more than repeat from run to run, and no loss is rounded to none. */
export function round(value: number): number {
	return Number(value.toPrecision(4));
}
