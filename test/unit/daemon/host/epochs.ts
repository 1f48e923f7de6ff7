// SPDX-License-Identifier: MIT
import test from 'ava';
import {dueIn, end, give, noEpochYet} from '../../../../userland/daemon/host/epochs.ts';

const now = 100_000;

test('the first life of a pair waits for nothing', t => {
	t.is(dueIn(end(undefined, now), now), 0);
});

test('a life is as long as since its first offer, or since it was given', t => {
	const delay = (givenAgo: number, offeredAgo?: number) => {
		const firstOfferAt = offeredAgo === undefined ? undefined : now - offeredAgo;

		return end({...noEpochYet, givenAt: now - givenAgo, firstOfferAt, delay: 400}, now).delay;
	};
	t.is(delay(60_000, 4999), 800);
	t.is(delay(60_000, 5000), 0);
	t.is(delay(4999), 800);
	t.is(delay(5000), 0);
});

test('a life ends once, and the next one remembers how short the last were', t => {
	const ended = end(give({...noEpochYet, delay: 400}, now - 10), now);
	t.is(end(ended, now + 500), ended);
	t.is(dueIn(ended, now + 500), 300);
	t.deepEqual(give(ended, now + 800), {...noEpochYet, givenAt: now + 800, delay: 800});
});
