// SPDX-License-Identifier: MIT
import {
	parseDatagrams,
	parsePing,
	parsePingPong,
	parseRedis,
	parseStream,
	parseThroughput,
	type Parse,
} from './parse.ts';

/** The three ways from a program to its server; the last is what no network could beat. */
export const arms = ['netfront', 'channel', 'loopback'] as const;

export type Arm = (typeof arms)[number];

/** One thing to measure: an unmodified program, and what to read in its output. */
export type Row = {
	readonly name: string;
	readonly unit: string;
	readonly better: 'less' | 'more';
	/** The command line, given the address of the server. */
	readonly program: (address: string) => string;
	readonly parse: Parse;
	/** What the channel must win by. */
	readonly bound?: number;
	/** Whether a lost datagram on the channel breaks the bound too. */
	readonly lossless?: true;
};

const pingPong = (options: string) => (address: string) =>
	`sockperf ping-pong -i ${address} ${options} --msg-size 14 --time 1`;
const iperf3 = (options: string) => (address: string) =>
	`iperf3 --client ${address} ${options} --time 1 --json`;
const datagrams = (bytes: number) => iperf3(`--udp --bitrate 0 --length ${bytes}`);

/**
 * A second each, counted: longer ones give the same figures. 14 bytes are the least that sockperf
 * sends.
 */
export const rows: readonly Row[] = [
	{
		...{name: 'ping_rtt', unit: 'ms', better: 'less', bound: 2},
		program: address => `ping -c 60 -i 0.02 ${address}`,
		parse: parsePing,
	},
	{
		...{name: 'tcp_rr', unit: 'trans/s', better: 'more', bound: 1.9},
		program: pingPong('--tcp --port 11111'),
		parse: parsePingPong,
	},
	{
		...{name: 'udp_rr', unit: 'trans/s', better: 'more'},
		program: pingPong('--port 11112'),
		parse: parsePingPong,
	},
	{
		...{name: 'tcp_stream_1', unit: 'Mbit/s', better: 'more', bound: 2.4},
		program: iperf3('--parallel 1'),
		parse: parseStream,
	},
	{
		...{name: 'tcp_stream_4', unit: 'Mbit/s', better: 'more'},
		program: iperf3('--parallel 4'),
		parse: parseStream,
	},
	{
		...{name: 'udp_1400', unit: 'Mbit/s', better: 'more', bound: 1.8},
		program: datagrams(1400),
		parse: parseDatagrams,
	},
	{
		...{name: 'udp_8900', unit: 'Mbit/s', better: 'more', bound: 3, lossless: true},
		program: datagrams(8900),
		parse: parseDatagrams,
	},
	{
		...{name: 'udp_32000', unit: 'Mbit/s', better: 'more', bound: 6, lossless: true},
		program: datagrams(32_000),
		parse: parseDatagrams,
	},
	{
		...{name: 'redis', unit: 'req/s', better: 'more', bound: 1.4},
		program: address => `redis-benchmark -h ${address} -t set,get -n 3000 -c 1 --csv`,
		parse: parseRedis,
	},
	{
		...{name: 'sockperf', unit: 'Mbit/s', better: 'more'},
		program: address =>
			`sockperf throughput -i ${address} --tcp --port 11111 --msg-size 1400 --time 1`,
		parse: parseThroughput,
	},
];

/** The servers of all rows; over when they listen. */
export const startServers = `iperf3 --server --daemon
	redis-server --bind 0.0.0.0 --protected-mode no --save '' --dir /tmp --daemonize yes >/dev/null
	for options in '--tcp --port 11111' '--port 11112'; do
		setsid sockperf server $options >/dev/null 2>&1 </dev/null &
	done
	for port in 5201 6379 11111; do
		until ss -Htln sport = $port | grep -q .; do busybox usleep 50000; done
	done
	until ss -Huln sport = 11112 | grep -q .; do busybox usleep 50000; done`;
