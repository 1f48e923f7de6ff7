// SPDX-License-Identifier: MIT
import test from 'ava';
import {createSilence} from '../../../../userland/daemon/endpoint/silence.ts';
import {fakeClock} from '../_clock.ts';

test('a host role is silent when a word has been due for as long as policy says', async t => {
	const clock = fakeClock();
	const silence = createSilence(clock, () => 60);
	t.is(silence.state(), 'unknown');
	t.true(silence.update('1 1 1000 1'));
	await clock.advance(69_000);
	t.false(silence.update('1 1 1000 1'));
	t.is(silence.state(), 'lives');
	t.true(silence.next() <= 1000, 'it is read when it may be over');
	await clock.advance(1000);
	t.is(silence.state(), 'silent');
	t.like(silence.refusal(), {code: 'host-silent'});
	t.regex(silence.refusal()?.reason ?? '', /more than 60 s/);
	t.true(silence.update('1 1 2000 1'));
	t.is(silence.state(), 'lives');
	t.is(silence.refusal(), undefined);
});

test('it is never silent where policy says so, where it has no word, or lost it', async t => {
	const clock = fakeClock();
	const limits: number[] = [];
	const silence = createSilence(clock, () => limits[0]);
	silence.update('1 1 1000 1');
	await clock.advance(10_000_000);
	t.is(silence.state(), 'lives');
	limits.push(10);
	t.is(silence.state(), 'silent');
	silence.update(undefined);
	t.is(silence.state(), 'unknown');
	await clock.advance(10_000_000);
	t.is(silence.refusal(), undefined);
});

test('a word that a newer host role left behind says nothing of the older that serves us', async t => {
	const clock = fakeClock();
	const silence = createSilence(clock, () => 60);
	silence.update('1 1 1000 77');
	silence.servedBy('1 1 1000');
	silence.servedBy(undefined);
	t.is(silence.state(), 'lives');
	silence.servedBy('1 1 1001');
	t.is(silence.state(), 'unknown');
});

test('the shorter the silence may be, the more often it is read', t => {
	const of = (limit: number | undefined) => createSilence(fakeClock(), () => limit).next();
	t.deepEqual([10, 60, 86_400, undefined].map(of), [2500, 15_000, 15_000, 15_000]);
});
