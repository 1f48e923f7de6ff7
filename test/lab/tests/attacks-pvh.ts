// SPDX-License-Identifier: MIT
import test from 'ava';
import {watches} from '../images.ts';
import {labWith} from '../with-lab.ts';
import {attacks} from './_attacks.ts';
import {bout, chosen} from './_bout.ts';

const tried = chosen(attacks);

test('every attack is survived by a PVH guest', labWith({type: 'pvh'}), async (t, given) => {
	await bout(tried)(t, given);
	// That kernel has no kprobes, so one of them was not tried.
	if (tried.length === attacks.length && !watches(given.lab.flavour.stack)) {
		given.claim('attacks-pvh', `${tried.length} attacks, nothing held after any`);
	}
});
