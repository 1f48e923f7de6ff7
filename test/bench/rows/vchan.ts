// SPDX-License-Identifier: MIT
import type {Figure} from '../parse.ts';
import {parseMessages, type Messages} from '../parse-programs.ts';
import type {Heading} from '../row.ts';
import type {Work} from '../work.ts';
import {shareMemory} from '../vchan/share.ts';

const seconds = 1;

const vchan = (
	heading: Heading,
	options: string,
	figureOf: (messages: Messages) => number,
): Work => ({
	headings: [heading],
	// Beside the other two guests' networks nothing else runs, and no channel is open.
	arms: ['netfront'],
	column: 'vchan',
	take: async (stage): Promise<Figure[]> => {
		await stage.rest();
		const told = await shareMemory(stage.lab, `${options} ${seconds}`);

		return [{value: figureOf(parseMessages(told))}];
	},
});

/** Raw shared memory between two programs that know of it: what no network has to reach. */
export const vchans: readonly Work[] = [
	vchan(
		{name: 'vchan_rr', unit: 'trans/s', better: 'more'},
		'rr 1',
		({count, seconds}) => count / seconds,
	),
	vchan(
		{name: 'vchan_stream', unit: 'Mbit/s', better: 'more'},
		'stream 65536',
		({count, bytes, seconds}) => (count * bytes * 8) / seconds / 1e6,
	),
];
