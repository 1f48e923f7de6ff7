// SPDX-License-Identifier: MIT
import {parseDatagrams, parsePing, parsePingPong, parseStream} from '../parse.ts';
import {parseNetpipe} from '../parse-programs.ts';
import type {Row} from '../row.ts';

/*
 * The tools that several groups use. A second each, counted: longer ones give the same figures.
 */

type Program = Pick<Row, 'program' | 'parse'>;

export const sockperfTcp = '--tcp --port 11111';
export const sockperfUdp = '--port 11112';

/** 14 bytes are the least that sockperf sends. */
export const pingPong = (options: string, bytes = 14): Program => ({
	program: (address, times = 1) =>
		`sockperf ping-pong -i ${address} ${options} --msg-size ${bytes} --time ${times}`,
	parse: parsePingPong,
});

export const ping: Program = {
	program: (address, times = 1) => `ping -c ${60 * times} -i 0.02 ${address}`,
	parse: parsePing,
};

export const nptcp = ({port, options}: {port: number; options: string}): Program => ({
	program: address => `NPtcp -h ${address} -P ${port} ${options} -o /dev/null 2>&1`,
	parse: parseNetpipe,
});

const iperf3 =
	(options: string) =>
	(address: string, times = 1) =>
		`iperf3 --client ${address} ${options} --time ${times} --json`;

export const stream = (options: string): Program => ({
	program: iperf3(options),
	parse: parseStream,
});

export const datagrams = (bytes: number): Program => ({
	program: iperf3(`--udp --bitrate 0 --length ${bytes}`),
	parse: parseDatagrams,
});

/** An address as URLs have it. */
export function inUrl(address: string): string {
	return address.includes(':') ? `[${address}]` : address;
}
