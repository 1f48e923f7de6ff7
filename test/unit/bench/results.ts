// SPDX-License-Identifier: MIT
import test from 'ava';
import {missedBounds, parseResults, result, resultTable} from '../../bench/results.ts';
import type {Row} from '../../bench/row.ts';

const parse = () => ({value: 0});
const program = () => '';
const ping: Row = {name: 'ping_rtt', unit: 'ms', better: 'less', bound: 2, program, parse};
const udp: Row = {
	...{name: 'udp_8900', unit: 'Mbit/s', better: 'more', bound: 3, lossless: true},
	...{program, parse},
};

const pinged = result(ping, {
	netfront: {value: 0.224},
	channel: {value: 0.1},
	loopback: {value: 0.022},
});
const udpWith = (channel: number, loss: number) =>
	result(udp, {
		netfront: {value: 144.9989, loss: 34.59079},
		channel: {value: channel, loss},
		loopback: {value: 442, loss: 47},
	});

test('a ratio above 1 means that the channel is better, for times too', t => {
	t.deepEqual(pinged, {
		...{name: 'ping_rtt', unit: 'ms', better: 'less', ratio: 2.24},
		...{netfront: 0.224, channel: 0.1, loopback: 0.022},
	});
	t.is(udpWith(579.9956, 0).ratio, 4);
});

test('losses stand beside the rates, where datagrams may be lost', t => {
	t.deepEqual(udpWith(500, 0).loss, {netfront: 34.59, channel: 0, loopback: 47});
	t.false('loss' in pinged);
});

test('bounds are missed by the ratio, or by one lost datagram', t => {
	const rows = [ping, udp];
	t.deepEqual(missedBounds(rows, [pinged, udpWith(500, 0)]), []);
	t.deepEqual(missedBounds(rows, [udpWith(400, 0.01)]), [
		'udp_8900: 2.759 x, expected at least 3',
		'udp_8900: 0.01 % lost over the channel, expected none',
	]);
});

test('a line of the table for each row', t => {
	const [head, first, second] = resultTable([pinged, udpWith(500, 0)]);
	t.regex(head ?? '', /netfront +channel +loopback +unit/);
	t.regex(first ?? '', /^ping_rtt +0\.224 +0\.1 +0\.022 +ms +2\.24 x$/);
	t.regex(second ?? '', /3\.45 x +34\.59 %, 0 %, 47 %$/);
});

test('a row cut short has what was measured, and no ratio', t => {
	const cut = result(ping, {netfront: {value: 0.224}});
	t.deepEqual(cut, {name: 'ping_rtt', unit: 'ms', better: 'less', netfront: 0.224});
	t.regex(resultTable([cut])[1] ?? '', /^ping_rtt +0\.224 +ms +-/);
	const vchan = resultTable([cut, {...cut, name: 'vchan', vchan: 7}]);
	t.regex(vchan[2] ?? '', /^vchan +0\.224 +7 +ms/);
	t.deepEqual(missedBounds([ping], [cut]), ['ping_rtt: 0 x, expected at least 2']);
});

test('results are read back', t => {
	const text = JSON.stringify({results: [pinged, udpWith(500, 0)], kernel: '6.12'});
	t.deepEqual(parseResults(text, 'x.json'), [pinged, udpWith(500, 0)]);
	t.throws(() => parseResults('{}', 'x.json'), {message: 'x.json: expected results'});
	const wrong = JSON.stringify({results: [pinged, {...pinged, channel: '1'}]});
	t.throws(() => parseResults(wrong, 'x.json'), {
		message: 'x.json: results[1].channel: expected a number',
	});
});
