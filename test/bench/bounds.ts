// SPDX-License-Identifier: MIT
import {table} from '../../userland/cli/render.ts';
import {ratioOf, type Result} from './results.ts';
import type {Arm} from './row.ts';

/** What a row is held against; 1 is as good, whatever the unit. */
type Against =
	/** The channel, against another way. */
	| {readonly kind: 'arm'; readonly arm: Arm}
	/** One way, against another row by the same way. */
	| {readonly kind: 'row'; readonly name: string; readonly arm: Arm}
	/** The channel's figure itself, which is to be small. */
	| {readonly kind: 'figure'}
	/** Datagrams that the channel loses, in percent. */
	| {readonly kind: 'loss'};

/** What a row is to reach. */
export type Bound = {
	readonly row: string;
	readonly against: Against;
	/** The least for `arm` and `row`, the most for `figure` and `loss`. */
	readonly limit: number;
	/** Why it is missed, where that is known. */
	readonly reason?: string;
};

export type Verdict = {
	readonly bound: Bound;
	/** Nothing where the row was not measured. */
	readonly got: number | undefined;
	readonly met: boolean | undefined;
};

const timesNetfront = (limit: number, ...rows: readonly string[]): Bound[] =>
	rows.map(row => ({row, against: {kind: 'arm', arm: 'netfront'}, limit}));

const ofLoopback = (limit: number, ...rows: readonly string[]): Bound[] =>
	rows.map(row => ({row, against: {kind: 'arm', arm: 'loopback'}, limit}));

const atMost = (limit: number, ...rows: readonly string[]): Bound[] =>
	rows.map(row => ({row, against: {kind: 'figure'}, limit}));

const lossAtMost = (limit: number, row: string): Bound => ({row, against: {kind: 'loss'}, limit});

const asGoodAs = (name: string, limit: number, row: string, arm: Arm = 'channel'): Bound => ({
	...{row, limit},
	against: {kind: 'row', name, arm},
});

const because = (reason: string, list: readonly Bound[]): Bound[] =>
	list.map(bound => ({...bound, reason}));

const programs = ['redis_get', 'wrk_1K', 'pgbench_select', 'memcached_get'];

/** What the channel is to be worth. */
export const bounds: readonly Bound[] = [
	...timesNetfront(2.4, 'ping_rtt'),
	...because('two domain switches, events and idle exits each time, which loopback has not', [
		...timesNetfront(2.4, 'tcp_rr_1', 'udp_rr_14'),
		...ofLoopback(0.7, 'tcp_rr_1', 'udp_rr_14', 'memcached_get'),
	]),
	...because('four copies and zeroed pages are 59 %, the module 2 %', [
		...timesNetfront(3.2, 'tcp_64K', 'tcp_64K_x4'),
		...ofLoopback(0.88, 'tcp_64K', 'tcp_64K_x4'),
		...timesNetfront(3, 'mesh_pairs_2', 'mesh_pairs_4', 'mesh_all_4'),
	]),
	...timesNetfront(1, 'tcp_64', 'tcp_128', 'tcp_64_x4'),
	...timesNetfront(1.15, 'tcp_1K', 'tcp_4K', 'tcp_1K_x4'),
	...timesNetfront(2, 'tcp_16K', 'tcp_32K', 'tcp_128K'),
	...because('loopback itself is 2.0 to 2.5 times netfront where these miss', [
		...timesNetfront(2, 'tcp_8K', 'tcp_8K_x4'),
	]),
	...timesNetfront(2.3, 'udp_1400'),
	...timesNetfront(4.2, 'udp_8900'),
	...because('22 fragments are built and summed before any hook', [
		...timesNetfront(9, 'udp_32000'),
	]),
	lossAtMost(1, 'udp_1400'),
	lossAtMost(0, 'udp_8900'),
	lossAtMost(0, 'udp_32000'),
	...because('loopback itself is 1.3 to 2.0 times netfront where these miss', [
		...timesNetfront(1.6, ...programs),
		...timesNetfront(1.5, 'nfs_read', 'nfs_write'),
	]),
	...ofLoopback(0.7, ...programs.filter(each => each !== 'memcached_get')),
	asGoodAs('tcp_rr_14', 0.9, 'tcp_rr_dom0'),
	asGoodAs('tcp_128K', 0.9, 'tcp_stream_dom0'),
	// Below 2 % of netback's.
	...timesNetfront(50, 'cpu_dom0_stream'),
	// Within 1 % of instructions.
	asGoodAs('undiverted_unloaded', 1 / 1.01, 'undiverted_100_peers', 'netfront'),
	asGoodAs('selectors_0', 1 / 1.01, 'selectors_16'),
	...because(
		'three daemons take part; dom0, which looks around every 15 s, may do so just then',
		atMost(200, 'first_packet_to_live'),
	),
	...atMost(0, 'unplug_udp_lost', 'unplug_tcp_timeouts'),
];

export function judge(results: readonly Result[], list: readonly Bound[] = bounds): Verdict[] {
	return list.map(bound => {
		const got = reached(bound, results);

		return {bound, got, met: got === undefined ? undefined : isMet(bound, got)};
	});
}

function isMet({against: {kind}, limit}: Bound, got: number): boolean {
	return kind === 'arm' || kind === 'row' ? got >= limit : got <= limit;
}

function reached({row, against}: Bound, results: readonly Result[]): number | undefined {
	const find = (wanted: string) => results.find(({name}) => name === wanted);
	const result = find(row);
	if (!result) {
		return undefined;
	}
	switch (against.kind) {
		case 'arm':
			return ratioOf(result, result.channel, result[against.arm]);
		case 'row':
			return ratioOf(result, result[against.arm], find(against.name)?.[against.arm]);
		case 'figure':
			return result.channel;
		case 'loss':
			return result.loss?.channel;
	}
}

/** A line for each bound whose row was measured, and which others there are. */
export function verdictTable(results: readonly Result[]): string[] {
	const verdicts = judge(results);
	const known = verdicts.filter(({met}) => met !== undefined);
	const rest = new Set(verdicts.filter(({met}) => met === undefined).map(each => each.bound.row));
	const missed = known.filter(({met}) => met === false).length;

	return [
		...table(known.map(cellsOf), new Set([2])),
		`${known.length} bounds, ${missed} missed`,
		...(rest.size === 0 ? [] : [`not measured: ${[...rest].join(' ')}`]),
	];
}

function cellsOf({bound, got, met}: Verdict): string[] {
	const why = met === true ? '' : (bound.reason ?? '');

	return [bound.row, wording(bound), String(got ?? '-'), met === true ? 'met' : 'missed', why];
}

function wording({against, limit}: Bound): string {
	const least = `at least ${Number(limit.toPrecision(3))}`;
	switch (against.kind) {
		case 'arm':
			return `${least} of ${against.arm}`;
		case 'row':
			return `${least} of ${against.name}`;
		case 'figure':
			return `at most ${limit}`;
		case 'loss':
			return `at most ${limit} % lost`;
	}
}
