// SPDX-License-Identifier: MIT
import {parseBothWays} from '../parse.ts';
import type {Row} from '../row.ts';
import {datagrams, stream} from './tools.ts';

const mbit = {unit: 'Mbit/s', better: 'more'} as const;
const sizes = ['64', '128', '1K', '4K', '8K', '16K', '32K', '64K', '128K'];

/** One connection, or four, that write pieces of a size. */
export const streams: readonly Row[] = [
	...sizes.map(size => ({name: `tcp_${size}`, ...mbit, ...stream(`--length ${size}`)})),
	...['64', '1K', '8K', '64K'].map(size => ({
		...{name: `tcp_${size}_x4`, ...mbit},
		...stream(`--parallel 4 --length ${size}`),
	})),
	{name: 'tcp_64K_reverse', ...mbit, ...stream('--reverse --length 64K')},
	{
		...{name: 'tcp_64K_bidir', ...mbit},
		...{...stream('--bidir --length 64K'), parse: parseBothWays},
	},
];

/** Datagrams at full speed: what arrives, and what does not. */
export const udp: readonly Row[] = [64, 1400, 8900, 32_000, 65_507].map(bytes => ({
	...{name: `udp_${bytes}`, ...mbit},
	...datagrams(bytes),
}));

/** Several connections at once. */
export const flows: readonly Row[] = [2, 8, 16, 64].map(count => ({
	...{name: `flows_${count}`, ...mbit},
	...stream(`--parallel ${count}`),
}));
