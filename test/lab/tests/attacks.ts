// SPDX-License-Identifier: MIT
import test from 'ava';
import {claim} from '../../claims/claim.ts';
import {withLab} from '../with-lab.ts';
import {attacks} from './_attacks.ts';
import {bout} from './_bout.ts';

test('every attack that has a name is survived', withLab, async (t, given) => {
	await bout(attacks)(t, given);
	await claim('attacks', `${attacks.length} attacks, nothing held after any`);
});
