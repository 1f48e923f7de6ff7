// SPDX-License-Identifier: MIT

/** One figure of one program. */
export type Figure = {
	readonly value: number;
	/** Datagrams that did not arrive, in percent of those sent. */
	readonly loss?: number;
	/** What else the program told, e.g. the spread behind the figure. */
	readonly detail?: Readonly<Record<string, number>>;
};

export type Parse = (stdout: string) => Figure;

/** ping: the median round trip in ms. The first packet after an idle time may take far longer. */
export function parsePing(stdout: string): Figure {
	const times = [...stdout.matchAll(/ time=([\d.]+) ms/g)].map(([, ms]) => Number(ms));
	if (times.length < 50) {
		throw unexpected('at least 50 round trips of ping', stdout);
	}

	return {value: median(times)};
}

/**
 * sockperf ping-pong: round trips a second, warm-up and cool-down left out; and its own times of
 * half a round trip.
 */
export function parsePingPong(stdout: string): Figure {
	const [, seconds, received] =
		/\[Valid Duration\] RunTime=([\d.]+) sec;.* ReceivedMessages=(\d+)/.exec(stdout) ?? [];
	if (!(Number(received) > 0)) {
		throw unexpected('round trips of sockperf', stdout);
	}
	const us = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1]);
	const detail = {
		min_us: us(/<MIN> observation = +([\d.]+)/),
		median_us: us(/percentile 50\.000 = +([\d.]+)/),
		p99_us: us(/percentile 99\.000 = +([\d.]+)/),
	};

	return {value: Number(received) / Number(seconds), detail};
}

/** sockperf throughput: Mbit/s. */
export function parseThroughput(stdout: string): Figure {
	const [, rate] = /BandWidth is [\d.]+ MBps \(([\d.]+) Mbps\)/.exec(stdout) ?? [];
	if (!(Number(rate) > 0)) {
		throw unexpected('a bandwidth of sockperf', stdout);
	}

	return {value: Number(rate)};
}

/** iperf3 --json over TCP: Mbit/s that arrived. */
export function parseStream(stdout: string): Figure {
	const {sum_received: sum} = iperfEnd(stdout);

	return {value: positive(sum?.bits_per_second, 'received rate of iperf3', stdout) / 1e6};
}

/** iperf3 --json --bidir: Mbit/s that arrived at both ends. */
export function parseBothWays(stdout: string): Figure {
	const {sum_received: there, sum_received_bidir_reverse: back} = iperfEnd(stdout);
	const rates = [there, back].map(
		sum => positive(sum?.bits_per_second, 'received rate of iperf3', stdout) / 1e6,
	);
	const [there_mbit = NaN, back_mbit = NaN] = rates;

	return {value: there_mbit + back_mbit, detail: {there_mbit, back_mbit}};
}

/** iperf3 --json over UDP: Mbit/s that arrived, and the loss. */
export function parseDatagrams(stdout: string): Figure {
	const {sum} = iperfEnd(stdout);
	const {bytes, seconds, packets = 0, lost_packets: lost = 0} = sum ?? {};
	const sent = positive(packets, 'datagrams of iperf3', stdout);
	const rate = positive(bytes, 'bytes of iperf3', stdout) / positive(seconds, 'time', stdout);

	return {value: (rate * 8 * (1 - lost / sent)) / 1e6, loss: (lost / sent) * 100};
}

/** iperf3 --json: bytes that arrived, or that datagrams brought on their way. */
export function bytesOfIperf3(stdout: string): number {
	const {sum_received: stream, sum} = iperfEnd(stdout);

	return positive((stream ?? sum)?.bytes, 'bytes of iperf3', stdout);
}

/** iperf3 --json over UDP: how many datagrams did not arrive. */
export function lostDatagrams(stdout: string): number {
	const {sum} = iperfEnd(stdout);
	positive(sum?.packets, 'datagrams of iperf3', stdout);

	return sum?.lost_packets ?? 0;
}

/** redis-benchmark --csv: requests a second, as many of one kind as of the other. */
export function parseRedis(stdout: string): Figure {
	const rates = [...stdout.matchAll(/^"[GS]ET","([\d.]+)"/gm)].map(([, rate]) => Number(rate));
	if (rates.length === 0) {
		throw unexpected('SET or GET of redis-benchmark', stdout);
	}

	return {value: rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0)};
}

/** iperf3 --format m as it runs: Mbit/s of each interval until now, without the sums at the end. */
export function parseIntervals(stdout: string): number[] {
	const intervals = /^\[ +\d+\] .* ([\d.]+) Mbits\/sec(?!.*(?:sender|receiver)).*\n/gm;

	return [...stdout.matchAll(intervals)].map(([, rate]) => Number(rate));
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];

	return (low + high) / 2;
}

type Sum = {
	readonly bytes?: number;
	readonly seconds?: number;
	readonly bits_per_second?: number;
	readonly packets?: number;
	readonly lost_packets?: number;
};

type End = {
	readonly sum?: Sum;
	readonly sum_received?: Sum;
	readonly sum_received_bidir_reverse?: Sum;
};

function iperfEnd(stdout: string): End {
	const {error, end} = JSON.parse(stdout) as {error?: string; end?: End};
	if (error !== undefined || !end) {
		throw unexpected('an end of iperf3', error ?? stdout);
	}

	return end;
}

function positive(value: number | undefined, what: string, stdout: string): number {
	if (value !== undefined && value > 0) {
		return value;
	}
	throw unexpected(what, stdout);
}

export function unexpected(what: string, stdout: string): Error {
	return new Error(`expected ${what}, got:\n${stdout.slice(-2000)}`);
}
