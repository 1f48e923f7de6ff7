// SPDX-License-Identifier: MIT
import test from 'ava';
import {mergeCovers, parseGcov, ratio, total} from '../../cover/gcov.ts';

const line = (number: number, count: number, branches: readonly number[] = []) => ({
	line_number: number,
	count,
	branches: branches.map(each => ({count: each, fallthrough: false, throw: false})),
});

const report = (file: string, ...lines: ReadonlyArray<ReturnType<typeof line>>) =>
	JSON.stringify({files: [{file, lines}]});

test('lines and branches of the files of kmod', t => {
	const cover = parseGcov(report('/mnt/kmod/ring.c', line(1, 4, [4, 0]), line(2, 0), line(9, 1)));

	t.deepEqual(ratio(cover.get('ring.c')?.lines ?? new Map()), {hit: 2, of: 3});
	t.deepEqual(ratio(cover.get('ring.c')?.branches ?? new Map()), {hit: 1, of: 2});
	t.is(parseGcov(report('/usr/src/linux/include/net/netlink.h', line(1, 1))).size, 0);
});

test('a line of a header is one line, however often it is there', t => {
	const ran = parseGcov(report('kmod/ring.h', line(5, 0), line(5, 2), line(6, 0)));
	const other = parseGcov(report('../kmod/ring.h', line(6, 1), line(7, 0)));
	const merged = mergeCovers([ran, other]);

	t.deepEqual(
		[...(merged.get('ring.h')?.lines ?? [])],
		[
			[5, 2],
			[6, 1],
			[7, 0],
		],
	);
});

test('what gcov does not say is refused', t => {
	t.throws(() => parseGcov('[]'), {message: /files: expected a list/});
	t.throws(() => parseGcov(report('kmod/ring.c').replace('[]', '[{}]')), {
		message: /line_number: expected a number/,
	});
});

test('ratios add up', t => {
	t.deepEqual(
		total([
			{hit: 1, of: 2},
			{hit: 3, of: 3},
		]),
		{hit: 4, of: 5},
	);
});
