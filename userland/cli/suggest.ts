// SPDX-License-Identifier: MIT

/** The word that was probably meant: nearest by letters changed, added, left out or exchanged. */
export function suggest(word: string, known: readonly string[]): string | undefined {
	const near = known
		.map(each => ({each, distance: distanceOf(word, each)}))
		.filter(({each, distance}) => distance <= Math.max(1, Math.floor(each.length / 3)))
		.sort((a, b) => a.distance - b.distance);

	return near[0]?.each;
}

function distanceOf(one: string, other: string): number {
	const rows = [Array.from({length: other.length + 1}, (_, index) => index)];
	for (let i = 1; i <= one.length; i++) {
		const row = [i];
		for (let j = 1; j <= other.length; j++) {
			const at = (up: number, left: number) =>
				(up === 0 ? row : rows[i - up])?.[j - left] ?? 0;
			const isExchanged = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
			const changed = at(1, 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
			const exchanged = i > 1 && j > 1 && isExchanged ? at(2, 2) + 1 : Infinity;
			row.push(Math.min(changed, exchanged, at(1, 0) + 1, at(0, 1) + 1));
		}
		rows.push(row);
	}

	return rows.at(-1)?.at(-1) ?? Infinity;
}
