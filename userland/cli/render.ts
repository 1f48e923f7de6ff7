// SPDX-License-Identifier: MIT
import {displayWidth, printable} from '../names.ts';

/** Columns as wide as their widest cell, the last one free; numbers may be set to the right. */
export function table(
	rows: ReadonlyArray<readonly string[]>,
	right: ReadonlySet<number> = new Set(),
): string[] {
	const clean = rows.map(row => row.map(printable));
	const widths = (clean[0] ?? []).map((_, column) =>
		clean.reduce((width, row) => Math.max(width, displayWidth(row[column] ?? '')), 0),
	);

	return clean.map(row =>
		row
			.map((cell, column) => pad(cell, widths[column] ?? 0, right.has(column)))
			.join('  ')
			.trimEnd(),
	);
}

/** A heading and its indented lines; lines without a value are left out. */
export function block(
	heading: string,
	lines: ReadonlyArray<readonly [string, string | null | undefined]>,
): string[] {
	return [
		printable(heading),
		...lines.flatMap(([key, value]) => (value ? [printable(`  ${key}: ${value}`)] : [])),
	];
}

function pad(text: string, width: number, isRight: boolean): string {
	const fill = ' '.repeat(Math.max(0, width - displayWidth(text)));

	return isRight ? fill + text : text + fill;
}
