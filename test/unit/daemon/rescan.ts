// SPDX-License-Identifier: MIT
import test from 'ava';
import {createRescan, type Work} from '../../../userland/daemon/rescan.ts';
import {fakeClock} from './_clock.ts';

function counted(period = 10_000) {
	const clock = fakeClock();
	const rescan = createRescan(clock, period);
	const stop = new AbortController();
	const runs: number[] = [];
	let again: number | undefined;
	const done = rescan.run(async () => {
		runs.push(clock.now() - 100_000);

		return again;
	}, stop.signal);

	return {clock, rescan, runs, stop, done, wish: (ms: number | undefined) => (again = ms)};
}

test('runs at once, then when poked, then when the period is over', async t => {
	const {clock, rescan, runs} = counted();
	await clock.advance(1000);
	rescan.poke();
	await clock.advance(11_000);
	t.deepEqual(runs, [0, 1000, 11_000]);
});

test('a storm of pokes makes 20 runs a second', async t => {
	const {clock, rescan, runs} = counted();
	for (let ms = 0; ms < 2000; ms++) {
		rescan.poke();
		rescan.poke();
		await clock.advance(1);
	}
	t.true(runs.length <= 2 * 20 + 5, String(runs.length));
	t.true(runs.length >= 2 * 20 - 5, String(runs.length));
	for (const [index, start] of runs.entries()) {
		t.true(start - (runs[index - 5] ?? -Infinity) >= 250);
	}
});

test('runs again when the work asks for it', async t => {
	const {clock, rescan, runs, wish} = counted();
	wish(300);
	await clock.advance(100);
	rescan.poke();
	await clock.advance(700);
	t.deepEqual(runs, [0, 100, 400, 700]);
});

test('a poke that a later look of the same run serves makes no further run', async t => {
	const clock = fakeClock();
	const rescan = createRescan(clock, 10_000);
	const stop = new AbortController();
	const left: Work[] = [
		async looking => {
			looking();
			rescan.poke();
			looking();

			return undefined;
		},
		async looking => {
			looking();
			rescan.poke();

			return undefined;
		},
		async () => undefined,
	];
	const done = rescan.run(async looking => left.shift()?.(looking), stop.signal);
	await clock.advance(1000);
	t.is(left.length, 2);
	rescan.poke();
	await clock.advance(1000);
	t.is(left.length, 0);
	stop.abort();
	await done;
});

test('who waits to be settled gets a run of his own', async t => {
	const clock = fakeClock();
	const rescan = createRescan(clock, 10_000);
	const stop = new AbortController();
	let runs = 0;
	let settled: Promise<void> | undefined;
	const done = rescan.run(async looking => {
		runs += 1;
		looking();
		settled ??= rescan.settle();
		looking();

		return undefined;
	}, stop.signal);
	await clock.advance(1000);
	await settled;
	t.is(runs, 2);
	stop.abort();
	await done;
});

test('settle waits for a whole run, and for none where nothing runs', async t => {
	const {clock, rescan, runs, stop, done} = counted();
	await clock.advance(1000);
	let isSettled = false;
	void rescan.settle().then(() => (isSettled = true));
	await clock.advance(1);
	t.true(isSettled);
	t.is(runs.length, 2);
	stop.abort();
	await done;
	await t.notThrowsAsync(rescan.settle());
});
