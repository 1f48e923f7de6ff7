// SPDX-License-Identifier: MIT
import test from 'ava';
import {summarize} from '../../bench/rounds.ts';

test('the median round, with its detail, and how far the rounds lie apart', t => {
	const [fast, slow, middle] = [110, 80, 100].map(value => ({value, detail: {of: value}}));
	t.deepEqual(summarize([fast, slow, middle].flatMap(each => each ?? [])), {
		...{value: 100, rounds: [110, 80, 100], spread: 30},
		detail: {of: 100},
	});
});

test('one round has no spread, nor has a median of nothing', t => {
	t.deepEqual(summarize([{value: 5}]), {value: 5, rounds: [5]});
	t.deepEqual(summarize([{value: 0}, {value: 0}, {value: 1}]), {value: 0, rounds: [0, 0, 1]});
});

test('what one round lost is not hidden by the others', t => {
	const rounds = [0, 0, 3].map(loss => ({value: 1, loss}));
	t.is(summarize(rounds).loss, 1);
});

test('of what must not happen the worst round counts, and its detail', t => {
	const rounds = [0, 4, 0].map(value => ({value, detail: {value}}));
	const {value, detail} = summarize(rounds, 'worst');
	t.deepEqual([value, detail], [4, {value: 4}]);
});
