// SPDX-License-Identifier: MIT
import test from 'ava';
import {systemClock, unixOf} from '../../../userland/daemon/clock.ts';

test('the real clock sleeps, and wakes at the signal', async t => {
	const clock = systemClock();
	const start = clock.now();
	await clock.sleep(5, new AbortController().signal);
	t.true(clock.now() - start >= 4);

	const stop = new AbortController();
	const slept = clock.sleep(1_000_000, stop.signal);
	stop.abort();
	await slept;
	await clock.sleep(1_000_000, stop.signal);
	t.pass();
});

test("the kernel's moments are moments of the day", t => {
	const clock = systemClock();
	const now = unixOf(clock.bootNs(), clock);
	t.true(Math.abs(now - Date.now() / 1000) < 3);
	t.is(unixOf(clock.bootNs() - 3_600_000_000_000n, clock) - now, -3600);
});
