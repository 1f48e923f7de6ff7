// SPDX-License-Identifier: MIT
import test from 'ava';
import {compete, outcomeOf} from '../../bench/pairs.ts';

const contest = {name: 'row', unit: 'trans/s', arms: ['off', 'on']} as const;
const busy = (value: number, processors = 1) => ({value, processors});

test('a pair is compared with itself, whatever the other pairs were like', t => {
	const outcome = outcomeOf(contest, [
		[busy(100), busy(200)],
		[busy(10), busy(15)],
		[busy(1000), busy(1100)],
	]);
	t.deepEqual(outcome.ratio, {median: 1.5, least: 1.1, most: 2});
	t.deepEqual(outcome.values, [100, 200]);
	t.is(outcome.pairs, 3);
});

test('processors are told by arm', t => {
	const {processors} = outcomeOf(contest, [[busy(1, 1.2), busy(1, 1.9)]]);
	t.deepEqual(processors, [1.2, 1.9]);
});

test('arms take turns', async t => {
	const turns: string[] = [];
	const take = (arm: string) => {
		turns.push(arm);

		return Promise.resolve(busy(1));
	};
	await compete({...contest, take}, 2);
	t.deepEqual(turns, ['off', 'on', 'off', 'on']);
});
