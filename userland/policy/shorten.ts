// SPDX-License-Identifier: MIT
import {cutName, printable} from '../names.ts';

const shownMax = 60;

/** Text of a file as a message shows it; a broken megabyte is not looked at to its end. */
export function shorten(text: string): string {
	return cutName(printable(text.slice(0, 2 * shownMax)), shownMax);
}
