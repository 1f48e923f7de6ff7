// SPDX-License-Identifier: MIT
import {parseLimits, renderLimits, type Limits} from '../limits.ts';
import {parseSelectors, renderSelectors, type Selector} from '../selectors.ts';
import {parseTags} from './tags.ts';

/*
 * What an announcement says besides, as words `key=value` behind all else, to ends whose hello has `words`.
 * A word that the reader does not know is a newer host role's: it may do without, unless the word begins with
 * `!`. Then it may not have the channel, as the announcement does not parse.
 */

export type Words = {
	/** The peer's, in small letters. */
	readonly uuid?: string;
	/** Those that dom0 gives the peer in XenStore. */
	readonly tags?: readonly string[];
	/** Another domain of the host has the peer's name. */
	readonly isNameShared?: true;
	/** A channel that carried nothing for so many seconds goes, and comes back with the next packet. */
	readonly idleTimeoutS?: number;
	/** A channel is made at once, not only for a packet. */
	readonly isEager?: true;
	/** Nothing is diverted; what would be is counted. */
	readonly isAudit?: true;
	/** What the peer may send, which the reader enforces; said to ends whose hello says that they do. */
	readonly limits?: Limits;
	/** What is diverted, said to ends whose hello says that they and their modules know it: one of these ... */
	readonly only?: readonly Selector[];
	/** ... and none of these. */
	readonly except?: readonly Selector[];
};

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Undefined where one may not be left out, or is not well formed. */
export function parseWords(texts: readonly string[]): Words | undefined {
	let words: Words | undefined = {};

	for (const text of texts) {
		const [key = '', value = '', ...rest] = text.split('=');
		const word =
			rest.length === 0 && key !== '' && value !== '' ? parseWord(key, value) : undefined;
		words = words && word && {...words, ...word};
	}

	return words;
}

function parseWord(key: string, value: string): Words | undefined {
	switch (key) {
		case 'uuid':
			return uuidForm.test(value) ? {uuid: value} : undefined;
		case 'tags':
			return parseTags(value.replaceAll(',', ' '));
		case '!name':
			return value === 'shared' ? {isNameShared: true} : undefined;
		case 'idle':
			return /^[1-9]\d{0,4}$/.test(value) ? {idleTimeoutS: Number(value)} : undefined;
		case 'demand':
			return value === 'none' ? {isEager: true} : {};
		case '!mode':
			return value === 'audit' ? {isAudit: true} : undefined;
		case '!limits': {
			const limits = parseLimits(value);

			return limits && {limits};
		}
		case '!only': {
			const only = parseSelectors(value);

			return only && {only};
		}
		case '!except': {
			const except = parseSelectors(value);

			return except && {except};
		}
		default:
			return key.startsWith('!') ? undefined : {};
	}
}

export function renderWords(words: Words): string[] {
	const {uuid, tags, isNameShared, idleTimeoutS, isEager, isAudit, limits, only, except} = words;

	return [
		...(uuid === undefined ? [] : [`uuid=${uuid}`]),
		...(tags === undefined ? [] : [`tags=${tags.join()}`]),
		...(isNameShared ? ['!name=shared'] : []),
		...(idleTimeoutS === undefined ? [] : [`idle=${idleTimeoutS}`]),
		...(isEager ? ['demand=none'] : []),
		...(isAudit ? ['!mode=audit'] : []),
		...(limits === undefined ? [] : [`!limits=${renderLimits(limits)}`]),
		...(only === undefined ? [] : [`!only=${renderSelectors(only)}`]),
		...(except === undefined ? [] : [`!except=${renderSelectors(except)}`]),
	];
}
