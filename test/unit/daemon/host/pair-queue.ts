// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {keyOf} from '../../../../userland/daemon/host/pair.ts';
import {PairQueue} from '../../../../userland/daemon/host/pair-queue.ts';

const key = fc
	.tuple(fc.integer({min: 0, max: 5}), fc.integer({min: 0, max: 5}))
	.map(([one, other]) => keyOf(one, other));

test('a queue of pairs gives each once, whatever comes between', t => {
	const steps = fc.array(fc.option(key), {maxLength: 60});

	fc.assert(
		fc.property(steps, changes => {
			const [ours, plain] = [new PairQueue(), new Set<number>()];

			for (const at of changes) {
				if (at === null) {
					const taken = ours.take();
					t.is(taken === undefined, plain.size === 0);
					t.is(taken === undefined || plain.delete(taken), true);
				} else {
					ours.add(at);
					plain.add(at);
				}
				t.is(ours.size, plain.size);
			}
			const rest = Array.from({length: plain.size}, () => ours.take() ?? -1);
			t.deepEqual(rest.sort(), [...plain].sort());
			t.is(ours.take(), undefined);
		}),
	);
});

test('pairs of one domain come one after the other', t => {
	const queue = new PairQueue();
	for (const [one, other] of [
		[1, 2],
		[3, 4],
		[1, 5],
	] as const) {
		queue.add(keyOf(one, other));
	}
	const first = queue.take();
	queue.add(keyOf(0, 9));

	t.deepEqual(
		[first, queue.take(), queue.take(), queue.take(), queue.take()],
		[keyOf(1, 2), keyOf(1, 5), keyOf(3, 4), keyOf(0, 9), undefined],
	);
});
