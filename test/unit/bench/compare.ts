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
