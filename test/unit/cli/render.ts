// SPDX-License-Identifier: MIT
import test from 'ava';
import {table} from '../../../userland/cli/render.ts';

test('columns are as wide as their widest cell', t => {
	const rows = [
		['pair', 'sent'],
		['größe', '7'],
		['a', '1024'],
	];
	t.deepEqual(table(rows, new Set([1])), ['pair   sent', 'größe     7', 'a      1024']);
	t.deepEqual(table([]), []);
});

test('every pair of 600 domains is not too many', t => {
	const pairs = Array.from({length: 180_000}, (_, index) => [String(index)]);
	t.is(table(pairs).length, pairs.length);
});
