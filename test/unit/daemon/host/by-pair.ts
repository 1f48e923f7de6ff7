// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {PairMap} from '../../../../userland/daemon/host/by-pair.ts';
import {keyOf} from '../../../../userland/daemon/host/pair.ts';

const key = fc
	.tuple(fc.integer({min: 0, max: 5}), fc.integer({min: 0, max: 5}))
	.map(([one, other]) => keyOf(one, other));

test('a map by pairs is a map', t => {
	const steps = fc.array(fc.tuple(key, fc.option(fc.constantFrom({}, {}))), {maxLength: 60});

	fc.assert(
		fc.property(steps, changes => {
			const [ours, plain] = [new PairMap<object>(), new Map<number, object>()];

			for (const [at, value] of changes) {
				if (value === null) {
					ours.delete(at);
					plain.delete(at);
				} else {
					ours.set(at, value);
					plain.set(at, value);
				}
				t.is(ours.size, plain.size);
				t.is(ours.get(at), plain.get(at));
			}
			t.deepEqual([...ours.keys()].sort(), [...plain.keys()].sort());
			t.true([...plain].every(([at, value]) => ours.get(at) === value));
		}),
	);
});
