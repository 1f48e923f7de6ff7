// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {Slots} from '../../../../userland/daemon/host/slots.ts';

test('each domain that is in use has a slot of its own, and the domid is found by it', t => {
	const steps = fc.array(fc.tuple(fc.integer({min: 0, max: 9}), fc.boolean()), {maxLength: 80});

	fc.assert(
		fc.property(steps, changes => {
			const slots = new Slots();
			const uses = new Map<number, number>();

			for (const [domid, isTaken] of changes) {
				const before = uses.get(domid) ?? 0;
				if (isTaken) {
					slots.take(domid);
					uses.set(domid, before + 1);
				} else {
					slots.release(domid);
					uses.set(domid, Math.max(0, before - 1));
				}
				const used = [...uses].filter(([, count]) => count > 0).map(([each]) => each);
				const found = used.map(each => slots.get(each) ?? -1);
				t.is(new Set(found).size, used.length);
				t.deepEqual(
					found.map(slot => slots.domidIn(slot)),
					used,
				);
			}
		}),
	);
});

test('there are no more slots than domains were in use at once, however many came and went', t => {
	const slots = new Slots();

	for (let domid = 0; domid < 1000; domid++) {
		slots.take(domid);
		slots.release(domid - 3);
	}

	t.is(slots.size, 4);
});
