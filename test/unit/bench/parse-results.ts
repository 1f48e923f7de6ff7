// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseResults} from '../../bench/parse-results.ts';
import {result} from '../../bench/results.ts';
import type {Heading} from '../../bench/row.ts';

const udp: Heading = {
	...{name: 'udp_8900', unit: 'Mbit/s', better: 'more', scatters: 'sockets run full'},
};
const measured = result(udp, {
	netfront: [
		{value: 144, loss: 34},
		{value: 145, loss: 35},
		{value: 150, loss: 36},
	],
	channel: [{value: 580, loss: 0}],
});

test('results are read back', t => {
	const text = JSON.stringify({results: [measured], kernel: '6.12'});
	t.deepEqual(parseResults(text, 'x.json'), [measured]);
});

test('those of an older bench, which had no rounds, too', t => {
	const old = {name: 'ping', unit: 'ms', netfront: 0.2, channel: 0.1};
	t.deepEqual(parseResults(JSON.stringify({results: [old]}), 'x.json'), [
		{...old, better: 'more', ratio: 0.5},
	]);
});

test('what is no result is told, and where it stands', t => {
	const wrong = (more: object) => JSON.stringify({results: [measured, {...measured, ...more}]});
	t.throws(() => parseResults('{}', 'x.json'), {message: 'x.json: expected results'});
	t.throws(() => parseResults(wrong({channel: '1'}), 'x.json'), {
		message: 'x.json: results[1].channel: expected a number',
	});
	t.throws(() => parseResults(wrong({rounds: {channel: 1}}), 'x.json'), {
		message: 'x.json: results[1].rounds.channel: expected numbers',
	});
	t.throws(() => parseResults(wrong({spread: {channel: null}}), 'x.json'), {
		message: 'x.json: results[1].spread.channel: expected a number',
	});
});
