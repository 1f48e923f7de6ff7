// SPDX-License-Identifier: MIT
import {count} from '../lab/tests/_count.ts';
import {median, type Figure} from './parse.ts';

/** How often each way measures each row; the ways take turns. Less than three show no spread worth it. */
export const rounds = count('ROUNDS', 3);

/** A spread of more percent is marked: rounds so far apart prove little. */
export const widest = 5;

/** The rounds of a row by one way. */
export type Summary = Figure & {
	/** Each round's value, in the order in which they ran. */
	readonly rounds: readonly number[];
	/** From the least to the most, in percent of the median. One round has none, nor has zero. */
	readonly spread?: number;
};

/**
 * The median round. Datagrams lost in any round count: the loss is the mean. Of what must not happen
 * at all the worst round counts.
 */
export function summarize(
	figures: readonly Figure[],
	quote: 'median' | 'worst' = 'median',
): Summary {
	const values = figures.map(({value}) => value);
	const losses = figures.flatMap(({loss}) => (loss === undefined ? [] : [loss]));
	const sorted = [...figures].sort((one, other) => one.value - other.value);
	const detail =
		sorted[quote === 'worst' ? sorted.length - 1 : Math.floor(sorted.length / 2)]?.detail;
	const spread = spreadOf(values);

	return {
		value: quote === 'worst' ? Math.max(...values) : median(values),
		rounds: values,
		...(spread === undefined ? {} : {spread}),
		...(losses.length === 0 ? {} : {loss: mean(losses)}),
		...(detail === undefined ? {} : {detail}),
	};
}

function spreadOf(values: readonly number[]): number | undefined {
	const [least, most] = [Math.min(...values), Math.max(...values)];
	const middle = median(values);

	return values.length < 2 || middle === 0 ? undefined : ((most - least) / middle) * 100;
}

function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
