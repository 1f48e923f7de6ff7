// SPDX-License-Identifier: MIT
import test from 'ava';
import {leaks, parseMemory} from '../../lab/tests/_count.ts';

const meminfo = (available: number, slab: number) =>
	parseMemory(`MemTotal: 999 kB\nMemAvailable:   ${available} kB\nSUnreclaim:  ${slab} kB\n`);

test('memory that is gone is a leak, a little is not', t => {
	t.deepEqual(leaks(meminfo(50_000, 9000), meminfo(49_000, 9900)), []);
	t.deepEqual(leaks(meminfo(50_000, 9000), meminfo(40_000, 9000)), [
		'10000 KiB of memory are gone',
	]);
	t.deepEqual(leaks(meminfo(50_000, 9000), meminfo(50_000, 11_000)), ['slab grew by 2000 KiB']);
});

test('a kernel that does not tell has not been looked at', t => {
	t.throws(() => parseMemory('MemAvailable: 1 kB\n'), {message: /no SUnreclaim/});
});
