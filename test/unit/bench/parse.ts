// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	bytesOfIperf3,
	lostDatagrams,
	median,
	parseBothWays,
	parseDatagrams,
	parseIntervals,
	parsePing,
	parsePingPong,
	parseRedis,
	parseStream,
	parseThroughput,
} from '../../bench/parse.ts';

// What the programs of Debian 13 wrote in the lab, shortened.

const ping = (times: readonly number[]) => `PING b (10.0.0.2) 56(84) bytes of data.
${times.map((ms, n) => `64 bytes from b (10.0.0.2): icmp_seq=${n + 1} ttl=64 time=${ms} ms`).join('\n')}

--- b ping statistics ---
60 packets transmitted, ${times.length} received, 0% packet loss, time 1411ms
rtt min/avg/max/mdev = 0.212/0.267/2.130/0.253 ms
`;

const pingPong = `sockperf: \u001B[2;35m== version #3.7-no.git == \u001B[0m
sockperf: Warmup stage (sending a few dummy messages)...
sockperf: Test ended
sockperf: [Total Run] RunTime=1.001 sec; Warm up time=400 msec; SentMessages=3307; ReceivedMessages=3306
sockperf: ========= Printing statistics for Server No: 0
sockperf: [Valid Duration] RunTime=0.550 sec; SentMessages=1819; ReceivedMessages=1819
sockperf: ====> avg-latency=151.098 (std-dev=50.828)
sockperf: Summary: Latency is 151.098 usec
sockperf: Total 1819 observations; each percentile contains 18.19 observations
sockperf: ---> <MAX> observation = 1264.890
sockperf: ---> percentile 99.999 = 1264.890
sockperf: ---> percentile 99.000 =  199.726
sockperf: ---> percentile 50.000 =  147.521
sockperf: ---> <MIN> observation =  139.458
`;

const throughput = `sockperf: Total of 88079 messages sent in 1.000 sec
sockperf: Summary: Message Rate is 88039 [msg/sec]
sockperf: Summary: BandWidth is 117.545 MBps (940.358 Mbps)
`;

const stream = JSON.stringify({
	end: {
		sum_sent: {seconds: 1.003684, bytes: 158859264, bits_per_second: 1266209396.5829883},
		sum_received: {seconds: 1.009933, bytes: 155844608, bits_per_second: 1234494628.8516169},
	},
});

const datagrams = JSON.stringify({
	end: {
		sum: {seconds: 1.009351, bytes: 23485000, lost_packets: 4758, packets: 16776},
		sum_received: {seconds: 1.009351, bytes: 16825200, bits_per_second: 133354601.12488122},
	},
});

const bothWays = JSON.stringify({
	end: {
		sum_received: {seconds: 1.00498, bytes: 200474624, bits_per_second: 1595849660.689765},
		sum_received_bidir_reverse: {bytes: 177274880, bits_per_second: 1411171406.3961473},
	},
});

const redis = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms"
"SET","5000.00","2.730","1.104","2.679","4.103"
"GET","6000.00","2.672","1.080","2.623","3.735"
`;

const running = `Connecting to host b, port 5201
[  5] local 10.0.0.1 port 42018 connected to 10.0.0.2 port 5201
[ ID] Interval           Transfer     Bitrate         Retr  Cwnd
[  5]   0.00-1.00   sec   150 MBytes  1256 Mbits/sec    0    386 KBytes
[  5]   1.00-2.00   sec   149 MBytes  1246 Mbits/sec    2    386 KBytes
[  5]   2.00-3.00   sec   0.00 Bytes  0.00 Mbits/sec    2    386 KBytes
`;

const ended = `- - - - - - - - - - - - - - - - - - - - - - - - -
[ ID] Interval           Transfer     Bitrate         Retr
[  5]   0.00-3.00   sec   299 MBytes   834 Mbits/sec    4             sender
[  5]   0.00-3.01   sec   298 MBytes   830 Mbits/sec                  receiver
`;

test('ping: the median, of enough round trips', t => {
	const times = Array.from({length: 60}, (_, n) => (n === 0 ? 12.5 : 0.2 + n / 1000));
	t.is(parsePing(ping(times)).value.toFixed(4), '0.2305');
	t.throws(() => parsePing(ping(times.slice(11))), {
		message: /^expected at least 50 round trips/,
	});
});

test('sockperf: round trips a second, and Mbit/s', t => {
	const {value, detail} = parsePingPong(pingPong);
	t.is(value.toFixed(1), '3307.3');
	t.deepEqual(detail, {min_us: 139.458, median_us: 147.521, p99_us: 199.726});
	t.is(parseThroughput(throughput).value, 940.358);
	const refused = 'sockperf: ERROR: Can`t connect socket (errno=111 Connection refused)';
	t.throws(() => parsePingPong(refused), {message: /Connection refused/});
	t.throws(() => parseThroughput(refused), {message: /Connection refused/});
});

test('iperf3: what arrived, and what did not', t => {
	t.is(parseStream(stream).value.toFixed(2), '1234.49');
	const {value, loss} = parseDatagrams(datagrams);
	t.is(value.toFixed(2), '133.35');
	t.is(loss?.toFixed(2), '28.36');
	const none = datagrams.replace('"lost_packets":4758', '"lost_packets":0');
	t.is(parseDatagrams(none).loss, 0);
	t.deepEqual([datagrams, none].map(lostDatagrams), [4758, 0]);
});

test('iperf3: both ways at once', t => {
	const {value, detail} = parseBothWays(bothWays);
	t.is(value.toFixed(1), '3007.0');
	t.is(detail?.['back_mbit']?.toFixed(1), '1411.2');
	t.throws(() => parseBothWays(stream), {message: /received rate/});
});

test('iperf3: bytes', t => {
	t.is(bytesOfIperf3(stream), 155844608);
	t.is(bytesOfIperf3(datagrams), 16825200);
});

test('iperf3: its own error is told', t => {
	const error = JSON.stringify({end: {}, error: 'unable to connect to server'});
	t.throws(() => parseStream(error), {message: /unable to connect/});
	t.throws(() => parseDatagrams(error), {message: /unable to connect/});
});

test('iperf3: intervals without the sums', t => {
	t.deepEqual(parseIntervals(running), [1256, 1246, 0]);
	t.deepEqual(parseIntervals(running + ended), [1256, 1246, 0]);
	t.deepEqual(parseIntervals(running.trimEnd()), [1256, 1246], 'half a line is none yet');
});

test('redis-benchmark: as many GETs as SETs', t => {
	t.is(parseRedis(redis).value.toFixed(0), '5455');
	t.is(parseRedis(redis.replace(/^"SET.*\n/m, '')).value, 6000, 'one kind alone');
	t.throws(() => parseRedis('Could not connect to Redis at b:6379'), {message: /not connect/});
});

test('a median of even and odd counts', t => {
	t.is(median([3, 1, 2]), 2);
	t.is(median([4, 1, 2, 3]), 2.5);
	t.is(median([]), NaN);
});
