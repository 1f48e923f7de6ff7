// SPDX-License-Identifier: MIT
import test from 'ava';
import {bounds, judge, verdictTable, type Bound} from '../../bench/bounds.ts';
import type {Result} from '../../bench/results.ts';
import {groups} from '../../bench/rows/groups.ts';

const more = {unit: 'trans/s', better: 'more'} as const;
const less = {unit: 'ms', better: 'less'} as const;
const rr: Result = {name: 'rr', ...more, netfront: 100, channel: 240, loopback: 400};
const ping: Result = {name: 'ping', ...less, netfront: 0.2, channel: 0.1};
const arm = (row: string, against: 'netfront' | 'loopback', limit: number): Bound => ({
	...{row, limit},
	against: {kind: 'arm', arm: against},
});

test('a bound is met at its limit, by times and by rates', t => {
	const list = [
		arm('rr', 'netfront', 2.4),
		arm('rr', 'loopback', 0.61),
		arm('ping', 'netfront', 2),
	];
	t.deepEqual(
		judge([rr, ping], list).map(({got, met}) => [got, met]),
		[
			[2.4, true],
			[0.6, false],
			[2, true],
		],
	);
});

test('a row against another one by the same way', t => {
	const list: Bound[] = [0.9, 0.99].map(limit => ({
		...{row: 'rr_dom0', limit},
		against: {kind: 'row', name: 'rr', arm: 'channel'},
	}));
	const met = judge([rr, {name: 'rr_dom0', ...more, channel: 228}], list).map(each => each.met);
	t.deepEqual(met, [true, false]);
});

test('figures and losses are to be small, and none is small enough', t => {
	const list: Bound[] = [
		{row: 'lost', against: {kind: 'figure'}, limit: 0},
		{row: 'udp', against: {kind: 'loss'}, limit: 1},
	];
	const results: Result[] = [
		{name: 'lost', ...less, channel: 0},
		{name: 'udp', ...more, channel: 5, loss: {channel: 1.1}},
	];
	t.deepEqual(
		judge(results, list).map(each => each.met),
		[true, false],
	);
});

test('what was not measured is neither met nor missed', t => {
	const [none] = judge([rr], [arm('nobody', 'netfront', 1)]);
	t.is(none?.got, undefined);
	t.is(none?.met, undefined);
	const lines = verdictTable([{...rr, name: 'tcp_rr_1'}]);
	t.regex(lines[0] ?? '', /^tcp_rr_1 +at least 2\.4 of netfront +2\.4 +met$/);
	t.regex(lines[1] ?? '', /^tcp_rr_1 +at least 0\.7 of loopback +0\.6 +missed/);
	t.is(lines[2], '2 bounds, 1 missed');
	t.regex(lines[3] ?? '', /^not measured: ping_rtt udp_rr_14 /);
});

test('every bound is of rows that there are', t => {
	const names = groups.flatMap(({works}) =>
		works.flatMap(({headings}) => headings.map(({name}) => name)),
	);
	const wanted = bounds.flatMap(({row, against}) =>
		against.kind === 'row' ? [row, against.name] : [row],
	);
	t.deepEqual(
		wanted.filter(name => !names.includes(name)),
		[],
	);
});
