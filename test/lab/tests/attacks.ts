// SPDX-License-Identifier: MIT
import test from 'ava';
import {withLab} from '../with-lab.ts';
import {attacks} from './_attacks.ts';
import {bout, chosen} from './_bout.ts';

const tried = chosen(attacks);

test('every attack that has a name is survived', withLab, async (t, given) => {
	await bout(tried)(t, given);
	if (tried.length === attacks.length)
		given.claim('attacks', `${tried.length} attacks, nothing held after any`);
});
