// SPDX-License-Identifier: MIT
import {parseRedis, parseThroughput} from '../parse.ts';
import type {Row} from '../row.ts';
import {datagrams, ping, pingPong, sockperfTcp, sockperfUdp, stream} from './tools.ts';

/** The ten that `make demo` shows, and what the channel must win by. */
export const rows: readonly Row[] = [
	{name: 'ping_rtt', unit: 'ms', better: 'less', bound: 2, ...ping},
	{name: 'tcp_rr', unit: 'trans/s', better: 'more', bound: 1.9, ...pingPong(sockperfTcp)},
	{name: 'udp_rr', unit: 'trans/s', better: 'more', ...pingPong(sockperfUdp)},
	{
		...{name: 'tcp_stream_1', unit: 'Mbit/s', better: 'more', bound: 2.4},
		...stream('--parallel 1'),
	},
	{name: 'tcp_stream_4', unit: 'Mbit/s', better: 'more', ...stream('--parallel 4')},
	{name: 'udp_1400', unit: 'Mbit/s', better: 'more', bound: 1.8, ...datagrams(1400)},
	{
		...{name: 'udp_8900', unit: 'Mbit/s', better: 'more', bound: 3, lossless: true},
		...datagrams(8900),
	},
	{
		...{name: 'udp_32000', unit: 'Mbit/s', better: 'more', bound: 6, lossless: true},
		...datagrams(32_000),
	},
	{
		...{name: 'redis', unit: 'req/s', better: 'more', bound: 1.4},
		program: address => `redis-benchmark -h ${address} -t set,get -n 1000 -c 1 --csv`,
		parse: parseRedis,
	},
	{
		...{name: 'sockperf', unit: 'Mbit/s', better: 'more'},
		program: address =>
			`sockperf throughput -i ${address} --tcp --port 11111 --msg-size 1400 --time 1`,
		parse: parseThroughput,
	},
];
