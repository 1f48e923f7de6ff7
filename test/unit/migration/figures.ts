// SPDX-License-Identifier: MIT
import test from 'ava';
import type {Sample} from '../../lab/exchange.ts';
import {figuresOf, rate, rates} from '../../migration/figures.ts';
import type {Journey} from '../../migration/journey.ts';
import {picture} from '../../migration/picture.ts';
import {complaints, rowsOf} from '../../migration/verdict.ts';

const sample = (at: number, answers: number, longest: number, retransmits = 0): Sample => ({
	...{at, answers, longest, retransmits},
});

const samples = [
	sample(1100, 100, 2),
	sample(1200, 300, 2),
	sample(5000, 1, 3790, 3),
	sample(5100, 500, 1, 3),
	sample(9000, 2, 3000, 5),
	sample(9100, 100, 1, 5),
];

const journey: Journey = {
	samples,
	datagrams: {sent: 100, received: 91, doubled: 1, late: 0},
	connections: 1,
	resets: 0,
	apart: {from: 1000, to: 1200},
	arrival: {from: 1200, to: 4900},
	live: 5050,
	together: {from: 5000, to: 5200},
	departure: {from: 5200, to: 8900},
	apartAgain: {from: 9000, to: 9200},
};

const figures = figuresOf(journey);

test('a journey in numbers', t => {
	t.deepEqual(figures, {
		...{apart: 2000, together: 2500, apartAgain: 500},
		...{arrivalWait: 3790, departureWait: 3000, channelAfter: 50},
		...{connections: 1, resets: 0, retransmits: 5},
		...{sent: 100, lost: 10, doubled: 1, late: 0},
	});
	t.false('channelAfter' in figuresOf({...journey, live: undefined} as unknown as Journey));
});

test('answers of other times do not count', t => {
	t.is(rate(samples, {from: 1100, to: 1200}), 3000);
	t.is(rate(samples, {from: 1200, to: 4000}), 0);
});

test('a time without a sample is a time without answers', t => {
	t.deepEqual(rates(samples.slice(0, 3), 1000), [400, 0, 0, 1]);
	t.deepEqual(rates([], 1000), [0]);
});

test('nothing to complain of where both fare alike', t => {
	const fine = {...figures, doubled: 0};
	t.deepEqual(complaints(fine, fine), []);
	t.deepEqual(complaints(fine, {...fine, arrivalWait: 4169}), []);
});

test('what is not as promised', t => {
	const fine = {...figures, doubled: 0};
	t.deepEqual(complaints(fine, {...fine, departureWait: 4548}), [
		'no answer for 1.20 times as long as without Coloop',
	]);
	t.deepEqual(complaints(fine, {...fine, resets: 1}), [
		'expected one connection and no reset, got 1 and 1',
	]);
	t.deepEqual(complaints({...fine, connections: 2}, {...fine, late: 3, together: 1999}), [
		'expected one connection and no reset, got 2 and 0',
		'0 datagrams arrived twice, 3 late',
		'together no faster than apart: 1999 to 2000 trans/s',
	]);
});

test('a row for each figure', t => {
	const {channelAfter, ...without} = figures;
	t.is(channelAfter, 50);
	const rows = rowsOf({...without, sent: 12_345}, figures);
	t.true(rows.every(({length}) => length === 3));
	t.deepEqual(rows.at(6), ['then until the channel is live, ms', '-', '50']);
	t.deepEqual(rows.at(10), ['datagrams sent', '12 345', '100']);
});

test('a panel for each journey, on one scale', t => {
	const drawing = picture('Here & there', [
		{title: 'with', journey},
		{title: 'without', journey: {...journey, samples: samples.slice(0, 3)}},
	]);
	t.true(drawing.includes('Here &amp; there'));
	t.is(drawing.match(/<polyline/g)?.length, 2);
	t.is(drawing.match(/fill="#eee"/g)?.length, 4);
	t.is(drawing.match(/>1000</g)?.length, 2, 'both have the higher maximum');
	t.false(/NaN|Infinity/.test(drawing));
});
