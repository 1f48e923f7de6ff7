// SPDX-License-Identifier: MIT

/** `a, b, c and 4 more` */
export function some(words: readonly string[], most = 3): string {
	const more = words.length - most;
	const shown = words.slice(0, most).join(', ');

	return more > 0 ? `${shown} and ${more} more` : shown;
}

/** `1 pair`, `2 pairs` */
export function count(number: number, what: string): string {
	return `${number} ${what}${number === 1 ? '' : 's'}`;
}
