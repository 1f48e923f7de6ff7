// SPDX-License-Identifier: MIT
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {createPart, keptFor} from '../../../userland/firewall/part.ts';
import {fakeTime} from './_time.ts';

/** A part that reads what `found` holds, and takes `cost` ms of a core. */
function stage(restMax?: number, early?: number) {
	const time = fakeTime({early});
	const knobs = {found: ['a'] as readonly string[], cost: 0, fails: false};
	let [reads, dues] = [0, 0];
	let onDue = () => {};
	const part = createPart({
		name: 'things',
		async read() {
			reads += 1;
			time.use(knobs.cost);
			await setImmediate();
			if (knobs.fails) {
				throw new Error('not now');
			}

			return new Set(knobs.found);
		},
		restMax,
		due() {
			dues += 1;
			onDue();
		},
		world: time.world,
	});

	return {
		part,
		time,
		knobs,
		reads: () => reads,
		dues: () => dues,
		/** From now on, somebody reads whenever that is due. */
		follow: () => (onDue = () => void part.get()),
	};
}

test('is read once, again when invalidated, and stays the same object if it reads the same', async t => {
	const {part, time, knobs, reads} = stage();
	const first = await part.get();

	await part.get();
	t.is(reads(), 1);
	await time.pass(1000);
	part.invalidate();
	t.is(await part.get(), first);
	t.is(reads(), 2);
	await time.pass(1000);
	knobs.found = ['b'];
	part.invalidate();
	t.deepEqual(await part.get(), new Set(['b']));
});

test('after a reading comes a rest of four times its work, and then what is new is due', async t => {
	const {part, time, knobs, reads, dues} = stage(Infinity);

	knobs.cost = 100;
	await part.get();
	for (let change = 0; change < 10; change++) {
		part.invalidate();
		await time.pass(30);
		await part.get();
	}
	t.deepEqual([reads(), dues()], [1, 0]);
	await time.pass(200);
	t.is(dues(), 1);
	await part.get();
	t.is(reads(), 2);
});

test('ten changes a second of what takes a second to read take a fifth of a core', async t => {
	const {part, time, knobs, reads} = stage(Infinity);
	const began = time.world.now();

	knobs.cost = 1000;
	for (let change = 0; change < 600; change++) {
		part.invalidate();
		await part.get();
		await time.pass(100);
	}
	const share = (reads() * knobs.cost) / (time.world.now() - began);

	t.true(share > 0.15 && share < 0.22, `${share}`);
});

test('who waits for a change is told of it, even where somebody else was first to read it', async t => {
	const {part, time, knobs, dues} = stage();

	await part.get();
	await time.pass(100);
	knobs.found = ['b'];
	part.invalidate();
	await part.get();
	t.is(dues(), 1);
	await time.pass(100);
	part.invalidate();
	await part.get();
	await time.pass(100);
	t.is(dues(), 1);
});

test('what is urgent does not rest', async t => {
	const {part, knobs, reads} = stage();

	await part.get();
	knobs.found = ['b'];
	part.invalidate('urgent');
	t.deepEqual(await part.get(), new Set(['b']));
	t.is(reads(), 2);
});

test('what is urgent is read after a reading that has begun, whoever asks, and though that rests', async t => {
	const {part, time, knobs, reads} = stage();

	await part.get();
	await time.pass(1000);
	part.invalidate();
	const begun = part.get();
	knobs.found = ['a', 'b'];
	part.invalidate('urgent');
	const asked = await Promise.all([part.get(), part.get()]);

	await begun;
	t.deepEqual(asked, [new Set(['a', 'b']), new Set(['a', 'b'])]);
	t.is(reads(), 3);
});

test('a dump rests for no longer than a fifth of a second, whatever else works meanwhile', async t => {
	const {part, time, knobs, dues} = stage();

	knobs.cost = 1000;
	await part.get();
	part.invalidate();
	await time.pass(199);
	t.is(dues(), 0);
	await time.pass(1);
	t.is(dues(), 1);
});

test('what is invalidated during a reading is due after it', async t => {
	const {part, time, knobs, reads, dues} = stage();
	const reading = part.get();

	part.invalidate();
	await reading;
	t.is(dues(), 0);
	await time.pass(100);
	t.is(dues(), 1);
	knobs.found = ['b'];
	t.deepEqual(await part.get(), new Set(['b']));
	t.is(reads(), 2);
});

test('a timer that is early does not lose a change', async t => {
	const {part, time, follow, reads} = stage(undefined, 0.7);

	follow();
	await part.get();
	part.invalidate();
	await time.pass(200);
	t.is(reads(), 2);
});

test('what is invalidated when somebody else reads as a rest ends is read after the next', async t => {
	const {part, time, follow, reads} = stage();

	follow();
	await part.get();
	part.invalidate();
	await time.pass(49.9);
	time.use(1);
	const reading = part.get();

	part.invalidate();
	await time.pass(0);
	await reading;
	t.is(reads(), 2);
	await time.pass(200);
	t.is(reads(), 3);
});

test('what fails keeps the last good answer for a bounded time, says so once, and heals', async t => {
	const {part, time, knobs} = stage();
	const good = await part.get();

	knobs.fails = true;
	await time.pass(1000);
	part.invalidate();
	for (let seconds = 0; seconds < keptFor / 1000; seconds++) {
		t.is(await part.get(), good, `${seconds} s`);
		await time.pass(1000);
	}
	t.true(part.isFailing);
	await time.pass(1);
	await t.throwsAsync(part.get(), {message: 'not now'});
	await t.throwsAsync(part.get(), {message: 'not now'});
	t.deepEqual(time.warnings, [
		'firewall.failed {"part":"things","keptSeconds":10,"message":"not now"}',
	]);
	knobs.fails = false;
	t.is(await part.get(), good);
	t.false(part.isFailing);
});

test('what was never read has no answer to keep', async t => {
	const {part, knobs} = stage();

	knobs.fails = true;
	await t.throwsAsync(part.get(), {message: 'not now'});
});
