// SPDX-License-Identifier: MIT
import test from 'ava';
import {missedBounds, result, resultTable, scattered} from '../../bench/results.ts';
import type {Row} from '../../bench/row.ts';

const parse = () => ({value: 0});
const program = () => '';
const ping: Row = {name: 'ping_rtt', unit: 'ms', better: 'less', bound: 2, program, parse};
const udp: Row = {
	...{name: 'udp_8900', unit: 'Mbit/s', better: 'more', bound: 3, lossless: true},
	...{program, parse},
};

const pinged = result(ping, {
	netfront: [{value: 0.224}],
	channel: [{value: 0.1}],
	loopback: [{value: 0.022}],
});
const udpWith = (channel: number, loss: number) =>
	result(udp, {
		netfront: [{value: 144.9989, loss: 34.59079}],
		channel: [{value: channel, loss}],
		loopback: [{value: 442, loss: 47}],
	});

test('a ratio above 1 means that the channel is better, for times too', t => {
	t.deepEqual(pinged, {
		...{name: 'ping_rtt', unit: 'ms', better: 'less', ratio: 2.24},
		...{netfront: 0.224, channel: 0.1, loopback: 0.022},
		rounds: {netfront: [0.224], channel: [0.1], loopback: [0.022]},
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
	const cut = result(ping, {netfront: [{value: 0.224}]});
	t.deepEqual(cut, {
		...{name: 'ping_rtt', unit: 'ms', better: 'less', netfront: 0.224},
		rounds: {netfront: [0.224]},
	});
	t.regex(resultTable([cut])[1] ?? '', /^ping_rtt +0\.224 +ms +-/);
	const vchan = resultTable([cut, {...cut, name: 'vchan', vchan: 7}]);
	t.regex(vchan[2] ?? '', /^vchan +0\.224 +7 +ms/);
	t.deepEqual(missedBounds([ping], [cut]), ['ping_rtt: 0 x, expected at least 2']);
});

const scattering = {...ping, scatters: 'the moon'};
const thrice = result(scattering, {
	netfront: [{value: 0.224}, {value: 0.3}, {value: 0.23}],
	channel: [{value: 0.1}, {value: 0.1}, {value: 0.104}],
});

test('the medians of the rounds count, and their spread stands beside them', t => {
	t.deepEqual([thrice.netfront, thrice.channel, thrice.ratio], [0.23, 0.1, 2.3]);
	t.deepEqual(thrice.rounds, {netfront: [0.224, 0.3, 0.23], channel: [0.1, 0.1, 0.104]});
	t.deepEqual(thrice.spread, {netfront: 33.04, channel: 4});
	t.regex(resultTable([thrice])[1] ?? '', /2\.30 x +33\.0 % !, 4\.0 %$/);
});

test('rows whose rounds lie far apart are told, and why they do', t => {
	t.deepEqual(scattered([thrice, pinged]), ['ping_rtt: netfront 33.0 % !: the moon']);
	const {scatters, ...unexplained} = thrice;
	t.is(scatters, 'the moon');
	t.deepEqual(scattered([unexplained]), ['ping_rtt: netfront 33.0 % !: nobody knows why']);
});

test('of what must not happen the worst round counts', t => {
	const lost = {...ping, name: 'lost', unit: 'datagrams', worst: true} as const;
	t.is(result(lost, {channel: [{value: 0}, {value: 7}, {value: 0}]}).channel, 7);
});
