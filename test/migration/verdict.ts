// SPDX-License-Identifier: MIT
import type {Figures} from './figures.ts';

/** How much longer than without Coloop nothing may arrive. */
const mostWait = 1.1;

/** What is not as promised, in sentences; nothing if all is well. */
export function complaints(without: Figures, coloop: Figures): string[] {
	const longest = ({arrivalWait, departureWait}: Figures) => Math.max(arrivalWait, departureWait);
	const waits = longest(coloop) / longest(without);

	return [
		...[without, coloop].flatMap(({connections, resets}) =>
			connections === 1 && resets === 0
				? []
				: [`expected one connection and no reset, got ${connections} and ${resets}`],
		),
		...(coloop.doubled + coloop.late === 0
			? []
			: [`${coloop.doubled} datagrams arrived twice, ${coloop.late} late`]),
		...(waits <= mostWait
			? []
			: [`no answer for ${waits.toFixed(2)} times as long as without Coloop`]),
		...(coloop.together > coloop.apart
			? []
			: [`together no faster than apart: ${coloop.together} to ${coloop.apart} trans/s`]),
	];
}

/** A table as bench/markdown.ts takes it. */
export function rowsOf(without: Figures, coloop: Figures): string[][] {
	const row = (name: string, key: keyof Figures) => [
		name,
		...[without, coloop].map(figures => {
			const value = figures[key];

			return value === undefined ? '-' : value.toLocaleString('en').replaceAll(',', ' ');
		}),
	];

	return [
		['', 'without Coloop', 'with Coloop'],
		row('apart, trans/s', 'apart'),
		row('together, trans/s', 'together'),
		row('apart again, trans/s', 'apartAgain'),
		row('longest without an answer, towards each other, ms', 'arrivalWait'),
		row('longest without an answer, away, ms', 'departureWait'),
		row('then until the channel is live, ms', 'channelAfter'),
		row('connections', 'connections'),
		row('resets', 'resets'),
		row('segments sent again', 'retransmits'),
		row('datagrams sent', 'sent'),
		row('datagrams lost', 'lost'),
		row('datagrams twice', 'doubled'),
		row('datagrams late', 'late'),
	];
}
