// SPDX-License-Identifier: MIT
import {narrow} from '../control/narrow.ts';
import type {Status} from '../control/protocol.ts';

/** The status as the daemon tells it, or what concerns a domain or a pair. */
export function json(status: Status, names: readonly string[]): string {
	return asTerminalSafe(JSON.stringify(narrow(status, names), null, 2));
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
