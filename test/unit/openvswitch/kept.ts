// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {createKept, longestRest, type Reading} from '../../../userland/openvswitch/kept.ts';

/** A source that counts, can be made to fail or to differ, and can say that it is outdated. */
function scene(grace = 40) {
	const seen = {reads: 0, open: 0, told: 0, fails: false, isStill: true, outdated: () => {}};
	const source = async (outdated: () => void): Promise<Reading<number>> => {
		if (seen.fails) {
			throw new Error('gone');
		}
		seen.reads += 1;
		seen.open += 1;
		seen.outdated = outdated;
		const value = seen.reads;

		return {
			value,
			isStill: () => Promise.resolve(seen.isStill),
			close: () => void (seen.open -= 1),
		};
	};

	return {seen, kept: createKept(source, {grace, changed: () => void (seen.told += 1)})};
}

test('is read once, until it says that it is outdated', async t => {
	const {seen, kept} = scene();

	t.deepEqual([await kept.get(), await kept.get()], [1, 1]);
	await sleep(longestRest + 50);
	seen.outdated();
	t.is(seen.told, 1);
	t.is(seen.open, 0);
	t.is(await kept.get(), 2);
	t.is(seen.open, 1);
});

test('a source that is always outdated is read with rests, and nothing is missed', async t => {
	let reads = 0;
	let told = 0;
	const busy = createKept<number>(
		async outdated => {
			await sleep(10);
			outdated();

			return {value: ++reads, isStill: () => Promise.resolve(true), close: () => {}};
		},
		{grace: 40, changed: () => void (told += 1)},
	);
	const from = performance.now();

	while (performance.now() - from < 500) {
		await busy.get();
		await sleep(1);
	}
	t.true(reads >= 2 && reads <= 12, `${reads} reads`);
	t.true(told >= reads - 1, `${told} told`);
});

test('what is outdated before it was read through is read again, and somebody told', async t => {
	const {seen} = scene();
	const early = createKept<number>(
		async outdated => {
			outdated();

			return {value: ++seen.reads, isStill: () => Promise.resolve(true), close: () => {}};
		},
		{grace: 40, changed: () => void (seen.told += 1)},
	);

	t.is(await early.get(), 1);
	await sleep(longestRest + 50);
	t.is(await early.get(), 2);
	await sleep(longestRest + 50);
	t.is(seen.told, 2);
});

test('a look finds what nobody tells', async t => {
	const {seen, kept} = scene();
	await kept.get();
	await kept.look();
	t.is(seen.told, 0);
	seen.isStill = false;
	await sleep(longestRest + 50);
	await kept.look();
	t.is(seen.told, 1);
	t.is(await kept.get(), 2);
});

test('a source that fails is as before for the time of grace, and then says why', async t => {
	const {seen, kept} = scene();
	await kept.get();
	await sleep(longestRest + 50);
	seen.fails = true;
	seen.outdated();
	t.is(await kept.get(), 1);
	await kept.look();
	t.is(seen.told, 1);
	await sleep(60);
	await kept.look();
	t.is(seen.told, 2);
	await t.throwsAsync(kept.get(), {message: 'gone'});
});

test('a source that is back is heard of by a look, and read again', async t => {
	const {seen, kept} = scene();
	seen.fails = true;
	await t.throwsAsync(kept.get());
	await kept.look();
	t.is(seen.told, 0);
	seen.fails = false;
	await t.throwsAsync(kept.get(), {message: 'gone'});
	await kept.look();
	t.is(seen.told, 1);
	t.is(await kept.get(), 1);
	t.is(seen.open, 1);
});
