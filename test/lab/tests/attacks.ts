// SPDX-License-Identifier: MIT
import test from 'ava';
import {withLab} from '../with-lab.ts';
import {attacks} from './_attacks.ts';
import {bout} from './_bout.ts';

test('every attack that has a name is survived', withLab, bout(attacks));
