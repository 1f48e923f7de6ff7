// SPDX-License-Identifier: MIT
import {workOf, type Work} from '../work.ts';
import {stream} from './tools.ts';

const mbit = {unit: 'Mbit/s', better: 'more'} as const;

/** TCP streams between guests that send from pages granted to each other. */
export const frags: readonly Work[] = [
	...['8K', '16K', '32K', '64K', '128K'].map(size => ({
		...{name: `tcp_${size}_frags`, ...mbit},
		...stream(`--length ${size}`),
	})),
	{name: 'tcp_64K_x4_frags', ...mbit, ...stream('--parallel 4 --length 64K')},
].map(workOf);
