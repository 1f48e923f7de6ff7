// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	parseCopy,
	parseMemslap,
	parseNetpipe,
	parsePgbench,
	parseRsync,
	parseWrk,
	parseMessages,
} from '../../bench/parse-programs.ts';

// What the programs of Debian 13 wrote in the lab, shortened.

const wrk = `Running 1s test @ http://10.0.0.2:8080/1K
  1 threads and 1 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   442.77us  158.51us   2.41ms   98.12%
    Req/Sec     2.24k    10.09     2.25k    90.91%
  2456 requests in 1.10s, 2.96MB read
Requests/sec:   2232.27
Transfer/sec:      2.69MB
`;

const pgbench = `pgbench (17.12 (Debian 17.12-0+deb13u1))
transaction type: <builtin: select only>
number of transactions actually processed: 500/500
number of failed transactions: 0 (0.000%)
latency average = 0.443 ms
initial connection time = 82.554 ms
tps = 2259.601045 (without initial connection time)
`;

const memslap = `Time to generate       1000 test keys:                0.021 seconds.
Time to set            1000 keys:                     0.187 seconds.
Time to start             1 threads:                  0.000 seconds.
--------------------------------------------------------------------
Time to get            1000 keys by    1 threads:     0.119 seconds.
--------------------------------------------------------------------
Time total:                                           0.327 seconds.
`;

const netpipe = `Send and receive buffers are 16384 and 131072 bytes
(A bug in Linux doubles the requested buffer sizes)
Now starting the main loop
  0:   65536 bytes    200 times -->    698.79 Mbps in     715.52 usec
`;

const dd = `64+0 records in
64+0 records out
67108864 bytes (67 MB, 64 MiB) copied, 0.912079 s, 73.6 MB/s
`;

const rsync = `
Number of files: 73 (reg: 64, dir: 9)
Total file size: 8,388,608 bytes
Total transferred file size: 8,388,608 bytes
Literal data: 8,388,608 bytes
took 330000000 ns
`;

test('wrk: requests a second, all answered well', t => {
	t.is(parseWrk(wrk).value, 2232.27);
	const bad = `${wrk}  Non-2xx or 3xx responses: 2456\n`;
	t.throws(() => parseWrk(bad), {message: /^expected only 2xx/});
	t.throws(() => parseWrk('unable to connect to 10.0.0.2:8080'), {message: /unable to connect/});
});

test('pgbench: transactions a second, none failed', t => {
	t.is(parsePgbench(pgbench).value, 2259.601045);
	const failed = pgbench.replace('transactions: 0', 'transactions: 3');
	t.throws(() => parsePgbench(failed), {message: /^expected no failed transactions/});
	t.throws(() => parsePgbench('pgbench: error: connection to server failed'));
});

test('memcslap: GETs a second', t => {
	t.is(parseMemslap(memslap).value.toFixed(0), '8403');
	t.throws(() => parseMemslap(memslap.replace('0.119', '0.000')), {message: /time of memcslap/});
	t.throws(() => parseMemslap(''), {message: /time of memcslap/});
});

test('NPtcp: round trips of the time of one way', t => {
	t.is(parseNetpipe(netpipe).value.toFixed(1), '698.8');
	t.throws(() => parseNetpipe('NPtcp: connect failed'), {message: /connect failed/});
});

test('dd: Mbit/s', t => {
	t.is(parseCopy(dd).value.toFixed(1), '588.6');
	t.throws(() => parseCopy('dd: failed to open'), {message: /failed to open/});
});

test('rsync: Mbit/s of files in the time around it', t => {
	t.is(parseRsync(rsync).value.toFixed(1), '203.4');
	t.throws(() => parseRsync(rsync.replace(/took.*\n/, '')), {message: /transfer of rsync/});
});

test('vchan: messages, their size and their time', t => {
	const stdout = '9184 messages of 1 bytes in 1.000172 s\n';
	t.deepEqual(parseMessages(stdout), {count: 9184, bytes: 1, seconds: 1.000172});
	t.throws(() => parseMessages('0 messages of 1 bytes in 1.0 s\n'), {message: /^expected/});
});
