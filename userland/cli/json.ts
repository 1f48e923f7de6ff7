// SPDX-License-Identifier: MIT
import {narrow} from '../control/narrow.ts';
import type {Status} from '../control/protocol.ts';

/** The status as the daemon tells it, or what concerns a domain or a pair. */
export function json(status: Status, names: readonly string[]): string {
	return JSON.stringify(narrow(status, names), null, 2);
}
