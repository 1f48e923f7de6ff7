// SPDX-License-Identifier: MIT
import test from 'ava';
import {claim} from '../../claims/claim.ts';
import {labWith} from '../with-lab.ts';
import {attacks} from './_attacks.ts';
import {bout} from './_bout.ts';

test('every attack is survived by a PVH guest', labWith({type: 'pvh'}), async (t, given) => {
	await bout(attacks)(t, given);
	await claim('attacks-pvh', `${attacks.length} attacks, nothing held after any`);
});
