// SPDX-License-Identifier: MIT
import type {Fields} from '../log.ts';

export function domidOf(fields: Fields): number {
	return numberOf(fields, 'domid') ?? -1;
}

export function numberOf(fields: Fields, key: string): number | null {
	const value = fields[key];

	return typeof value === 'number' ? value : null;
}

export function wordOf(fields: Fields, key: string): string | null {
	const value = fields[key];

	return typeof value === 'string' ? value : null;
}
