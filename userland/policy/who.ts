// SPDX-License-Identifier: MIT
import {dom0Name, domainName} from '../domain-name.ts';
import {nameBytesMax} from '../names.ts';
import type {Identity, Who} from './types.ts';

/** The word for every domain but dom0. */
export const anyGuest = 'any-guest';

/** How tags are called. */
export const tagName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;

export const uuidForm = /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;

/**
 * Any text that a name can be, see names.ts. Editors read it with and without the `u` flag: a character
 * outside of the BMP is one unit, or a pair.
 */
export const anyName = new RegExp(
	`^(?:[^\\x00-\\x1F\\x7F-\\x9F\\u2028\\u2029\\uD800-\\uDFFF\\uFFFD]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]){1,${nameBytesMax}}$`,
);

/** As a file could have it; the same for two that mean the same. */
export function whoText(who: Who): string {
	if (typeof who === 'string') {
		return domainName(who) === dom0Name ? 'dom0' : who;
	}
	const [[key, value] = []] = Object.entries(who);

	return `{${key}: ${JSON.stringify(value)}}`;
}

export function isDom0({domid, name}: Identity): boolean {
	return domid === undefined ? name === dom0Name : domid === 0;
}

/** Of a domain of which no more is known than how a person calls it. */
export function identityOf(given: string | Identity): Identity {
	return typeof given === 'string' ? {name: domainName(given)} : given;
}
