// SPDX-License-Identifier: MIT
import type {Row} from '../row.ts';
import {netpipe} from '../servers.ts';
import {nptcp, ping, pingPong, sockperfTcp, sockperfUdp} from './tools.ts';

const sizes = [14, 128, 1024, 1400, 16_384];

const pingPongs = (name: string, options: string): Row[] =>
	sizes.map(bytes => ({
		...{name: `${name}_${bytes}`, unit: 'trans/s', better: 'more'},
		...pingPong(options, bytes),
	}));

/** Requests and responses: the time of two domain switches, and of whoever stands between. */
export const latency: readonly Row[] = [
	{name: 'ping_rtt', unit: 'ms', better: 'less', ...ping},
	{name: 'tcp_rr_1', unit: 'trans/s', better: 'more', ...nptcp(netpipe.byte)},
	...pingPongs('tcp_rr', sockperfTcp),
	...pingPongs('udp_rr', sockperfUdp),
];
