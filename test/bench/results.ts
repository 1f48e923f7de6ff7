// SPDX-License-Identifier: MIT
import {table} from '../../userland/cli/render.ts';
import type {Figure} from './parse.ts';
import {arms, type Arm, type Row} from './rows.ts';

export type Figures = Readonly<Record<Arm, Figure>>;

/** A line of build/demo.json; ratio above 1: the channel is better than netfront. */
export type Result = {
	readonly name: string;
	readonly unit: string;
	readonly netfront: number;
	readonly channel: number;
	readonly loopback: number;
	readonly ratio: number;
	/** Datagrams that did not arrive, in percent of those sent. */
	readonly loss?: Readonly<Record<Arm, number>>;
};

export function result({name, unit, better}: Row, figures: Figures): Result {
	const {netfront, channel, loopback} = figures;
	const gain = channel.value / netfront.value;
	const values = {
		netfront: round(netfront.value),
		channel: round(channel.value),
		loopback: round(loopback.value),
		ratio: round(better === 'more' ? gain : 1 / gain),
	};
	if (channel.loss === undefined) return {name, unit, ...values};
	const loss = {
		netfront: round(netfront.loss ?? 0),
		channel: round(channel.loss),
		loopback: round(loopback.loss ?? 0),
	};
	return {name, unit, ...values, loss};
}

export function resultTable(results: readonly Result[]): string[] {
	const head = ['', ...arms, 'unit', 'channel/netfront', 'lost'];
	const right = new Set([1, 2, 3, 5]);
	return table(
		[
			head,
			...results.map(each => [
				each.name,
				...arms.map(arm => String(each[arm])),
				each.unit,
				`${each.ratio.toFixed(2)} x`,
				each.loss ? arms.map(arm => `${each.loss?.[arm] ?? 0} %`).join(', ') : '',
			]),
		],
		right,
	);
}

/** What the channel was to win by and did not, in sentences. */
export function missedBounds(rows: readonly Row[], results: readonly Result[]): string[] {
	return results.flatMap(({name, ratio, loss}) => {
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
