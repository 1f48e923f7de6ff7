// SPDX-License-Identifier: MIT
import test from 'ava';
import {end, forgettableAfter, give} from '../../../../userland/daemon/host/epochs.ts';
import {Histories} from '../../../../userland/daemon/host/histories.ts';
import {keyOf} from '../../../../userland/daemon/host/pair.ts';

const key = keyOf(3, 4);

test('a history is kept while it counts, and then let go', t => {
	const histories = new Histories();
	const history = end(give(undefined, 1000), 1100);
	const keptAt = 1_000_000;
	histories.prune(keptAt - 1);

	histories.keep(key, history);
	for (let now = keptAt; now < keptAt + forgettableAfter; now += 500) {
		histories.prune(now);
		t.is(histories.take(key), history);
		histories.keep(key, history);
	}

	histories.prune(keptAt + 2 * forgettableAfter);
	histories.prune(keptAt + 3 * forgettableAfter);
	t.is(histories.take(key), undefined);
});

test('what is taken is not there any more', t => {
	const histories = new Histories();
	const history = give(undefined, 1000);
	histories.keep(key, history);
	histories.prune(1e9);

	t.is(histories.take(key), history);
	t.is(histories.take(key), undefined);
});
