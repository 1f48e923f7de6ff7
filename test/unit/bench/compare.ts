// SPDX-License-Identifier: MIT
import test from 'ava';
import {compare} from '../../bench/compare.ts';
import type {Result} from '../../bench/results.ts';

const ping = (netfront: number, channel: number): Result => ({
	...{name: 'ping', unit: 'ms', better: 'less', netfront, channel},
});
const rate = (channel: number): Result => ({
	...{name: 'rate', unit: 'Mbit/s', better: 'more', channel},
});

test('changes beyond two percent, better ones above zero', t => {
	const {changes, gone, added} = compare(
		[ping(0.2, 0.1), rate(1000)],
		[ping(0.203, 0.08), rate(900)],
	);
	t.deepEqual(
		changes.map(({name, arm, gain}) => [name, arm, gain.toFixed(1)]),
		[
			['ping', 'channel', '20.0'],
			['rate', 'channel', '-10.0'],
		],
	);
	t.deepEqual([gone, added], [[], []]);
});

test('what only one of them has is named, by way', t => {
	const {changes, gone, added} = compare(
		[rate(1000)],
		[ping(0.2, 0.1), {...rate(1000), loopback: 4000}],
	);
	t.deepEqual(changes, []);
	t.deepEqual(gone, []);
	t.deepEqual(added, ['ping by netfront', 'ping by channel', 'rate by loopback']);
	t.deepEqual(compare([ping(0.2, 0.1)], []).gone, ['ping by netfront', 'ping by channel']);
});

const thrice = (...rounds: readonly number[]): Result => ({
	...rate(rounds[1] ?? NaN),
	rounds: {channel: rounds},
});

test('a difference among the rounds of either is no change', t => {
	const names = (list: ReadonlyArray<{gain: number}>) => list.map(({gain}) => gain.toFixed(0));
	const of = (old: Result, now: Result) => {
		const {changes, unclear} = compare([old], [now]);

		return [names(changes), names(unclear)];
	};
	t.deepEqual(of(thrice(99, 100, 101), thrice(90, 91, 92)), [['-9'], []]);
	t.deepEqual(of(thrice(91, 100, 101), thrice(90, 91, 92)), [[], ['-9']]);
	t.deepEqual(of(thrice(99, 100, 101), thrice(99, 99, 99)), [[], []]);
	t.deepEqual(of(rate(100), thrice(90, 91, 101)), [[], ['-9']], 'an old bench of one round');
});

test('a change of a row that is known to scatter says why it does', t => {
	const {changes} = compare([rate(100)], [{...rate(90), scatters: 'the moon'}]);
	t.deepEqual(
		changes.map(({scatters}) => scatters),
		['the moon'],
	);
});
