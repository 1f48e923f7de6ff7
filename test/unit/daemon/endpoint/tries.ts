// SPDX-License-Identifier: MIT
import test from 'ava';
import {createTries} from '../../../../userland/daemon/endpoint/tries.ts';
import {fakeClock} from '../_clock.ts';

test('each failure doubles the wait, from 1 s to 60 s', t => {
	const tries = createTries(fakeClock());
	const waits = Array.from({length: 8}, () => {
		tries.failed(2, 'no grants left', 'silence');
		return tries.next();
	});
	t.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
	t.true(tries.isWaiting(2));
	t.false(tries.isWaiting(3));
	t.is(tries.lastFailure(2), 'no grants left');
});

test('ten good seconds, a person, or the end of the peer make it forgotten', async t => {
	const clock = fakeClock();
	const tries = createTries(clock);
	tries.failed(2, 'timeout', 'silence');
	tries.saw(new Set([2]));
	await clock.advance(9000);
	tries.saw(new Set([2]));
	t.is(tries.lastFailure(2), 'timeout');
	await clock.advance(1000);
	tries.saw(new Set());
	t.is(tries.lastFailure(2), undefined);

	tries.failed(2, 'timeout', 'silence');
	tries.reset(2);
	t.false(tries.isWaiting(2));
	tries.failed(2, 'timeout', 'silence');
	tries.keep([3]);
	t.is(tries.next(), undefined);
});

test('a channel that was live had what it takes', async t => {
	const clock = fakeClock();
	const tries = createTries(clock);
	t.is(tries.missedAt(2), undefined);
	tries.failed(2, 'stalled', 'silence', true);
	t.is(tries.missedAt(2), undefined);
	tries.failed(2, 'timeout', 'silence');
	const then = clock.now();
	await clock.advance(5000);
	tries.failed(2, 'stalled', 'silence', true);
	t.is(tries.missedAt(2), then);
	tries.reset(2);
	t.is(tries.missedAt(2), undefined);
});

test('after a fault not even an offer is answered', async t => {
	const clock = fakeClock();
	const tries = createTries(clock);
	tries.failed(2, 'timeout', 'silence');
	t.true(tries.isWaiting(2));
	t.false(tries.isShunned(2));
	tries.failed(2, 'bad-index', 'fault');
	t.true(tries.isShunned(2));
	await clock.advance(2000);
	t.false(tries.isShunned(2));
});
