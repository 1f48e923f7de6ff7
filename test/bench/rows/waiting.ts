// SPDX-License-Identifier: MIT
import type {Row} from '../row.ts';
import {workOf, type Work} from '../work.ts';
import {redis} from './programs.ts';
import {pingPong, sockperfTcp, sockperfUdp, stream} from './tools.ts';

const rows: readonly Row[] = [
	{name: 'tcp_rr_14', unit: 'trans/s', better: 'more', ...pingPong(sockperfTcp)},
	{name: 'tcp_rr_1024', unit: 'trans/s', better: 'more', ...pingPong(sockperfTcp, 1024)},
	{name: 'udp_rr_14', unit: 'trans/s', better: 'more', ...pingPong(sockperfUdp)},
	redis('get', '-t get -c 1', 3000),
	{name: 'tcp_64K', unit: 'Mbit/s', better: 'more', ...stream('--length 64K')},
];

/** Rows of other groups between guests whose readers wait in Xen. */
export const waiting: readonly Work[] = rows
	.map(row => ({...row, name: `${row.name}_waiting`}))
	.map(workOf);
