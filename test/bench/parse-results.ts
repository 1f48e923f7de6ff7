// SPDX-License-Identifier: MIT
import {ratioOf, type PerArm, type Result} from './results.ts';
import {arms, type Arm} from './row.ts';

/** The results of a bench.json, as far as figures go. */
export function parseResults(text: string, file: string): Result[] {
	const {results} = Object(JSON.parse(text)) as {results?: unknown};
	if (!Array.isArray(results)) {
		throw new Error(`${file}: expected results`);
	}

	return results.map((each: unknown, index) => parseResult(each, `${file}: results[${index}]`));
}

function parseResult(input: unknown, at: string): Result {
	const {name, unit, better = 'more', ...rest} = Object(input) as Record<string, unknown>;
	if (typeof name !== 'string' || typeof unit !== 'string') {
		throw new Error(`${at}: expected a name and a unit`);
	}
	if (better !== 'less' && better !== 'more') {
		throw new Error(`${at}.better: expected less or more, got ${JSON.stringify(better)}`);
	}
	const values = parsePerArm(rest, at, isNumber);
	const ratio = ratioOf({better}, values.channel, values.netfront);
	const {rounds, spread, scatters, loss} = rest;

	return {
		...{name, unit, better, ...values},
		...(ratio === undefined ? {} : {ratio}),
		...(rounds === undefined
			? {}
			: {rounds: parsePerArm(Object(rounds), `${at}.rounds`, areNumbers)}),
		...(spread === undefined
			? {}
			: {spread: parsePerArm(Object(spread), `${at}.spread`, isNumber)}),
		...(loss === undefined ? {} : {loss: parsePerArm(Object(loss), `${at}.loss`, isNumber)}),
		...(typeof scatters === 'string' ? {scatters} : {}),
	};
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const areNumbers = (value: unknown): value is number[] =>
	Array.isArray(value) && value.every(isNumber);

function parsePerArm<T>(
	input: Record<string, unknown>,
	at: string,
	is: (value: unknown) => value is T,
): PerArm<T> {
	const values: Partial<Record<Arm, T>> = {};
	for (const arm of arms) {
		const value = input[arm];
		if (is(value)) {
			values[arm] = value;
		} else if (value !== undefined) {
			throw new Error(`${at}.${arm}: expected ${is === isNumber ? 'a number' : 'numbers'}`);
		}
	}

	return values;
}
