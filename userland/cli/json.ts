// SPDX-License-Identifier: MIT
import {narrow} from '../control/narrow.ts';
import type {Status} from '../control/protocol.ts';
import {version} from '../control/version.ts';

/** Of the form of all that is printed as JSON. Keys are added under one number, never taken away. */
const schema = 1;

/** The status as the daemon tells it, or what concerns a domain or a pair. `version` is the daemon's. */
export function json(status: Status, names: readonly string[]): string {
	return asTerminalSafe(JSON.stringify({schema, ...narrow(status, names)}, null, 2));
}

/** What a command found out by itself; `version` is ours. */
export function ownJson(found: object): string {
	return asTerminalSafe(JSON.stringify({schema, version, ...found}, null, 2));
}

/** The same on one line, where one comes after the other. */
export function jsonLine(found: object): string {
	return asTerminalSafe(JSON.stringify({schema, version, ...found}));
}

/** What JSON may hold as it is and a terminal would act on, as escapes, which mean the same. */
function asTerminalSafe(text: string): string {
	return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character =>
		Array.from(
			{length: character.length},
			(_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
		).join(''),
	);
}
