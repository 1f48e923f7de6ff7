// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseSamples} from '../../lab/exchange.ts';

test('a line for each tenth of a second', t => {
	t.deepEqual(parseSamples('1000 20 4500 0\n1100 1 99000 2\n'), [
		{at: 1000, answers: 20, longest: 4.5, retransmits: 0},
		{at: 1100, answers: 1, longest: 99, retransmits: 2},
	]);
});

test('a line that is not whole yet does not count', t => {
	t.is(parseSamples('1000 20 4500 0\n1100 1 99').length, 1);
	t.deepEqual(parseSamples(''), []);
});

test('anything else is an error', t => {
	for (const text of ['1000 20 4500\n', '1000 20 4500 0 1\n', 'b: Connection refused\n', '\n']) {
		t.throws(() => parseSamples(text), {message: /^expected a line of inside\/transactions/});
	}
});
