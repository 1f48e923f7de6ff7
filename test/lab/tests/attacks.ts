// SPDX-License-Identifier: MIT
import test from 'ava';
import {watches} from '../images.ts';
import {withLab} from '../with-lab.ts';
import {attacks} from './_attacks.ts';
import {bout, chosen} from './_bout.ts';

const tried = chosen(attacks);

test('every attack that has a name is survived', withLab, async (t, given) => {
	await bout(tried)(t, given);
	// That kernel has no kprobes, so one of them was not tried.
	if (tried.length === attacks.length && !watches(given.lab.flavour.stack)) {
		given.claim('attacks', `${tried.length} attacks, nothing held after any`);
	}
});
