// SPDX-License-Identifier: MIT
import test from 'ava';
import {createBackoff} from '../../../../userland/daemon/endpoint/backoff.ts';
import {fakeClock} from '../_clock.ts';

test('each failure doubles the wait, from 1 s to 60 s', t => {
	const backoff = createBackoff(fakeClock());
	const waits = Array.from({length: 8}, () => {
		backoff.failed(2, 'no grants left', 'silence');

		return backoff.next();
	});
	t.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
	t.true(backoff.isWaiting(2));
	t.false(backoff.isWaiting(3));
	t.is(backoff.lastFailure(2), 'no grants left');
});

test('ten good seconds, a person, or the end of the peer make it forgotten', async t => {
	const clock = fakeClock();
	const backoff = createBackoff(clock);
	backoff.failed(2, 'timeout', 'silence');
	backoff.update(new Set([2]));
	await clock.advance(9000);
	backoff.update(new Set([2]));
	t.is(backoff.lastFailure(2), 'timeout');
	await clock.advance(1000);
	backoff.update(new Set());
	t.is(backoff.lastFailure(2), undefined);

	backoff.failed(2, 'timeout', 'silence');
	backoff.reset(2);
	t.false(backoff.isWaiting(2));
	backoff.failed(2, 'timeout', 'silence');
	backoff.keep([3]);
	t.is(backoff.next(), undefined);
});

test('a channel that was live had what it takes', async t => {
	const clock = fakeClock();
	const backoff = createBackoff(clock);
	t.is(backoff.missedAt(2), undefined);
	backoff.failed(2, 'stalled', 'silence', true);
	t.is(backoff.missedAt(2), undefined);
	backoff.failed(2, 'timeout', 'silence');
	const then = clock.now();
	await clock.advance(5000);
	backoff.failed(2, 'stalled', 'silence', true);
	t.is(backoff.missedAt(2), then);
	backoff.reset(2);
	t.is(backoff.missedAt(2), undefined);
});

test('after a fault not even an offer is answered', async t => {
	const clock = fakeClock();
	const backoff = createBackoff(clock);
	backoff.failed(2, 'timeout', 'silence');
	t.true(backoff.isWaiting(2));
	t.false(backoff.isUnusable(2));
	backoff.failed(2, 'bad-index', 'fault');
	t.true(backoff.isUnusable(2));
	await clock.advance(2000);
	t.false(backoff.isUnusable(2));
});
