// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import type {LoadedPolicy} from './load.ts';

/** Positions are part of a policy, so an edit that moves a rule is a change: messages name the new line. */
export function fingerprintOf({policy, errors, warnings, dir}: LoadedPolicy): string {
	const text = JSON.stringify([policy, errors.map(error => error.message), warnings, dir]);

	return createHash('sha256').update(text).digest('hex');
}
