// SPDX-License-Identifier: MIT
import {table} from '../../userland/cli/render.ts';
import type {Figure} from './parse.ts';
import {arms, type Arm, type Heading} from './row.ts';

type PerArm<T> = Partial<Readonly<Record<Arm, T>>>;

/** What was measured of a row; a run cut short has not all. */
export type Figures = PerArm<Figure>;

/** A line of build/demo.json and build/bench.json. */
export type Result = PerArm<number> & {
	readonly name: string;
	readonly unit: string;
	readonly better: 'less' | 'more';
	readonly group?: string;
	/** Above 1: the channel is better than netfront. */
	readonly ratio?: number;
	/** Datagrams that did not arrive, in percent of those sent. */
	readonly loss?: PerArm<number>;
	readonly detail?: PerArm<Readonly<Record<string, number>>>;
};

export function result({name, unit, better}: Heading, figures: Figures): Result {
	const values = perArm(figures, ({value}) => round(value));
	const loss = perArm(figures, each => (each.loss === undefined ? undefined : round(each.loss)));
	const detail = perArm(figures, each => each.detail);
	const gain = ratioOf({better}, figures.channel?.value, figures.netfront?.value);
	return {
		...{name, unit, better, ...values},
		...(gain === undefined ? {} : {ratio: gain}),
		...(Object.keys(loss).length === 0 ? {} : {loss}),
		...(Object.keys(detail).length === 0 ? {} : {detail}),
	};
}

/** How many times better one figure is than another; of nothing there is no multiple. */
export function ratioOf(
	{better}: Pick<Heading, 'better'>,
	value: number | undefined,
	base: number | undefined,
): number | undefined {
	if (!value || !base) return undefined;
	return round(better === 'more' ? value / base : base / value);
}

function perArm<T>(figures: Figures, pick: (figure: Figure) => T | undefined): PerArm<T> {
	const picked: Partial<Record<Arm, T>> = {};
	for (const arm of arms) {
		const figure = figures[arm];
		const value = figure && pick(figure);
		if (value !== undefined) picked[arm] = value;
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
	const head = ['', ...columns, 'unit', 'channel/netfront', 'lost'];
	const right = new Set([...columns.map((_, index) => index + 1), unit + 1]);
	return {rows: [head, ...results.map(each => cellsOf(each, columns))], right};
}

function cellsOf({name, unit, ratio, loss, ...values}: Result, columns: readonly Arm[]): string[] {
	return [
		name,
		...columns.map(arm => String(values[arm] ?? '-')),
		unit,
		ratio === undefined ? '-' : `${ratio.toFixed(2)} x`,
		loss ? columns.map(arm => lostOf(loss[arm])).join(', ') : '',
	];
}

function lostOf(percent: number | undefined): string {
	return percent === undefined ? '-' : `${percent} %`;
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

/** The results of a bench.json, as far as figures go. */
export function parseResults(text: string, file: string): Result[] {
	const {results} = Object(JSON.parse(text)) as {results?: unknown};
	if (!Array.isArray(results)) throw new Error(`${file}: expected results`);
	return results.map((each: unknown, index) => parseResult(each, `${file}: results[${index}]`));
}

function parseResult(input: unknown, at: string): Result {
	const {name, unit, better = 'more', loss, ...rest} = Object(input) as Record<string, unknown>;
	if (typeof name !== 'string' || typeof unit !== 'string')
		throw new Error(`${at}: expected a name and a unit`);
	if (better !== 'less' && better !== 'more')
		throw new Error(`${at}.better: expected less or more, got ${JSON.stringify(better)}`);
	const values = parsePerArm(rest, at);
	const ratio = ratioOf({better}, values.channel, values.netfront);
	return {
		...{name, unit, better, ...values},
		...(ratio === undefined ? {} : {ratio}),
		...(loss === undefined ? {} : {loss: parsePerArm(Object(loss), `${at}.loss`)}),
	};
}

function parsePerArm(input: Record<string, unknown>, at: string): PerArm<number> {
	const values: Partial<Record<Arm, number>> = {};
	for (const arm of arms) {
		const value = input[arm];
		if (typeof value === 'number') values[arm] = value;
		else if (value !== undefined) throw new Error(`${at}.${arm}: expected a number`);
	}
	return values;
}
