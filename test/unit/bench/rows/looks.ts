// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseTimes} from '../../../bench/rows/looks.ts';

test('what all threads of a process took between two looks', t => {
	t.is(parseTimes('1000000 5 7\n2000000 1 1\n\n2500000 6 8\n2500000 1 1\n'), 2);
	t.is(parseTimes('1000000 5 7\n\n1000000 5 7\n'), 0);
	t.throws(() => parseTimes('1000000 5 7\n'), {message: /^expected the times of threads twice/});
});
