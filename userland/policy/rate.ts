// SPDX-License-Identifier: MIT
import {rateLimits} from '../limits.ts';

const factors: Readonly<Record<string, number>> = {k: 1e3, M: 1e6, G: 1e9};

/** What it looks like; not all of it is in range. */
export const ratePattern = /^([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([kMG]?)bit\/s$/;

/** The X of `expected X, got Y`. */
export const rateForm = 'a rate from 8 kbit/s to 400 Gbit/s, as in 100 Mbit/s';

/** As a file has it, by the largest unit that leaves nothing over. */
export function renderRate(rate: number): string {
	const [unit, factor] = Object.entries(factors)
		.reverse()
		.find(([, each]) => rate % each === 0) ?? ['', 1];

	return `${rate / factor} ${unit}bit/s`;
}

/** Bits a second; undefined for what is no rate, or out of range. Capitals count: `m` is no million. */
export function parseRate(text: string): number | undefined {
	const [, number, unit = ''] = ratePattern.exec(text) ?? [];
	const rate = Math.round(Number(number) * (factors[unit] ?? 1));

	return rate >= rateLimits.min && rate <= rateLimits.max ? rate : undefined;
}
