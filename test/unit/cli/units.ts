// SPDX-License-Identifier: MIT
import test from 'ava';
import {age, bytes, duration} from '../../../userland/cli/units.ts';

test('bytes', t => {
	t.is(bytes(0), '0 B');
	t.is(bytes(1023), '1023 B');
	t.is(bytes(65_536), '64.00 KiB');
	t.is(bytes(919_705_190), '877.10 MiB');
	t.is(bytes(2 ** 63), '8192.00 PiB');
});

test('durations and ages', t => {
	t.is(duration(0), '0 seconds');
	t.is(duration(61), '1 minute, 1 second');
	t.is(duration(3 * 3600 + 12 * 60 + 9), '3 hours, 12 minutes');
	t.is(duration(-5), '0 seconds');
	t.is(age(2 * 86_400 + 3600), '2d1h');
	t.is(age(7), '7s');
});
