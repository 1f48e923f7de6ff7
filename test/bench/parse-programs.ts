// SPDX-License-Identifier: MIT
import {unexpected, type Figure, type Parse} from './parse.ts';

/** wrk: requests a second; an answer other than 2xx is no answer. */
export const parseWrk: Parse = stdout => {
	if (stdout.includes('Non-2xx')) {
		throw unexpected('only 2xx for wrk', stdout);
	}

	return {value: numberIn(/^Requests\/sec: +([\d.]+)$/m, 'a rate of wrk', stdout)};
};

/** pgbench: transactions a second, the connection's beginning left out. */
export const parsePgbench: Parse = stdout => {
	if (!/^number of failed transactions: 0 /m.test(stdout)) {
		throw unexpected('no failed transactions of pgbench', stdout);
	}
	const rate = /^tps = ([\d.]+) \(without initial connection time\)$/m;

	return {value: numberIn(rate, 'a rate of pgbench', stdout)};
};

/** memcslap --test=get: requests a second. */
export const parseMemslap: Parse = stdout => {
	const [, keys, seconds] =
		/^Time to get +(\d+) keys by +1 threads: +([\d.]+) seconds/m.exec(stdout) ?? [];
	const value = Number(keys) / Number(seconds);
	if (!(value > 0 && Number.isFinite(value))) {
		throw unexpected('a time of memcslap', stdout);
	}

	return {value};
};

/** NPtcp, one size: round trips a second. It tells the time of one way. */
export const parseNetpipe: Parse = stdout => {
	const us = numberIn(/ times --> +[\d.]+ Mbps in +([\d.]+) usec/, 'a time of NPtcp', stdout);

	return {value: 1e6 / (2 * us)};
};

/** dd: Mbit/s, its fsync counted. */
export const parseCopy: Parse = stdout => {
	const [, bytes, seconds] = /^(\d+) bytes .*copied, ([\d.]+) s,/m.exec(stdout) ?? [];

	return rate(bytes, seconds, 'a copy of dd', stdout);
};

/** rsync --stats, and after it the nanoseconds that it took: Mbit/s of files. */
export const parseRsync: Parse = stdout => {
	const [, bytes] = /^Total transferred file size: ([\d,]+) bytes$/m.exec(stdout) ?? [];
	const [, ns] = /^took (\d+) ns$/m.exec(stdout) ?? [];

	return rate(bytes?.replaceAll(',', ''), Number(ns) / 1e9, 'a transfer of rsync', stdout);
};

export type Messages = {
	readonly count: number;
	readonly bytes: number;
	readonly seconds: number;
};

/** Our client of vchan: messages, of so many bytes each, and the time of all. */
export function parseMessages(stdout: string): Messages {
	const [, ...numbers] = /^(\d+) messages of (\d+) bytes in ([\d.]+) s$/m.exec(stdout) ?? [];
	const [count = NaN, bytes = NaN, seconds = NaN] = numbers.map(Number);
	if (!(count > 0 && seconds > 0)) {
		throw unexpected('messages of vchan', stdout);
	}

	return {count, bytes, seconds};
}

function rate(
	bytes: string | undefined,
	seconds: string | number | undefined,
	what: string,
	stdout: string,
): Figure {
	const value = (Number(bytes) * 8) / Number(seconds) / 1e6;
	if (!(value > 0 && Number.isFinite(value))) {
		throw unexpected(what, stdout);
	}

	return {value};
}

function numberIn(pattern: RegExp, what: string, stdout: string): number {
	const value = Number(pattern.exec(stdout)?.[1]);
	if (!(value > 0)) {
		throw unexpected(what, stdout);
	}

	return value;
}
