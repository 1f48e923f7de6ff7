// SPDX-License-Identifier: MIT
import test from 'ava';
import {leaks, parseMemory} from '../../lab/tests/_count.ts';

const fields = {
	MemTotal: 500_000,
	MemFree: 350_000,
	Buffers: 1000,
	Cached: 50_000,
	AnonPages: 20_000,
	SReclaimable: 2000,
	SUnreclaim: 8000,
};

function meminfo(changes: Partial<typeof fields> = {}): string {
	return Object.entries({...fields, ...changes})
		.map(([field, KiB]) => `${field}:   ${KiB} kB\n`)
		.join('');
}

const before = parseMemory(meminfo());

test('the kernel has what nobody else does', t => {
	t.deepEqual(before, {kernel: 77_000, slab: 8000, programs: 20_000});
});

test('memory that only the kernel can hold is a leak, a little is not', t => {
	const after = (changes: Partial<typeof fields>) => leaks(before, parseMemory(meminfo(changes)));
	t.deepEqual(after({MemFree: 349_000, SUnreclaim: 8900}), []);
	t.deepEqual(after({MemFree: 340_000}), ['kernel grew by 10000 KiB']);
	t.deepEqual(after({SUnreclaim: 10_000}), ['slab grew by 2000 KiB']);
	t.deepEqual(after({MemFree: 340_000, Cached: 60_000}), []);
	t.deepEqual(after({MemFree: 340_000, AnonPages: 30_000}), []);
	t.deepEqual(after({MemFree: 330_000, AnonPages: 40_000}), ['programs grew by 20000 KiB']);
});

test('a kernel that does not tell has not been looked at', t => {
	t.throws(() => parseMemory('AnonPages: 1 kB\n'), {message: /no Buffers/});
});
