// SPDX-License-Identifier: MIT
import test from 'ava';
import {minimize} from '../../guard/minimize.ts';

const upTo = (count: number) => Array.from({length: count}, (_, index) => index);

test('what fails without the rest is all that is left', async t => {
	for (const needed of [[0], [7], [0, 19], [3, 4, 11], upTo(20)]) {
		const fails = (part: readonly number[]) =>
			Promise.resolve(needed.every(item => part.includes(item)));

		t.deepEqual(await minimize(upTo(20), fails), needed);
	}
});

test('what always fails leaves nothing', async t => {
	t.deepEqual(await minimize(upTo(5), () => Promise.resolve(true)), []);
	t.deepEqual(await minimize([], () => Promise.resolve(true)), []);
});
