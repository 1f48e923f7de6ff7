// SPDX-License-Identifier: MIT
import test from 'ava';
import {dueIn, end, give, unborn} from '../../../../userland/daemon/host/lives.ts';

const now = 100_000;

test('the first life of a pair waits for nothing', t => {
	t.is(dueIn(end(undefined, now), now), 0);
});

test('a life is as long as since its first offer, or since it was given', t => {
	const delay = (givenAgo: number, bornAgo?: number) => {
		const bornAt = bornAgo === undefined ? undefined : now - bornAgo;
		return end({...unborn, givenAt: now - givenAgo, bornAt, delay: 400}, now).delay;
	};
	t.is(delay(60_000, 4999), 800);
	t.is(delay(60_000, 5000), 0);
	t.is(delay(4999), 800);
	t.is(delay(5000), 0);
});

test('a life ends once, and the next one remembers how short the last were', t => {
	const ended = end(give({...unborn, delay: 400}, now - 10), now);
	t.is(end(ended, now + 500), ended);
	t.is(dueIn(ended, now + 500), 300);
	t.deepEqual(give(ended, now + 800), {...unborn, givenAt: now + 800, delay: 800});
});
