// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import type {Permission} from './store.ts';

const letters = {none: 'n', read: 'r', write: 'w', both: 'b'} as const;

/** `r7` for domain 7 that may read. */
export function formatPermission({domid, access}: Permission): string {
	return `${letters[access]}${domid}`;
}

export function parsePermission(text: string): Permission {
	const [, letter, domid] = /^([nrwb])(\d{1,5})$/.exec(text) ?? [];

	switch (letter) {
		case 'n':
			return {domid: Number(domid), access: 'none'};
		case 'r':
			return {domid: Number(domid), access: 'read'};
		case 'w':
			return {domid: Number(domid), access: 'write'};
		case 'b':
			return {domid: Number(domid), access: 'both'};
		default:
			throw new ColoopError(
				'PROTOCOL',
				`expected a XenStore permission like r7, got ${JSON.stringify(text)}`,
			);
	}
}
