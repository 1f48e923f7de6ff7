// SPDX-License-Identifier: MIT
import type {Versions} from './record.ts';
import {cells, scattered, type Result} from './results.ts';
import {widest} from './rounds.ts';
import type {Group} from './rows/groups.ts';

/** The whole bench as tables, a chapter for each group. */
export function markdown(
	groups: readonly Pick<Group, 'name' | 'title'>[],
	results: readonly Result[],
	versions: Versions | undefined,
): string {
	const chapters = groups.flatMap(({name, title}) => {
		const rows = results.filter(({group}) => group === name);

		return rows.length === 0 ? [] : [`## ${title}\n\n${tableOf(rows)}\n`];
	});
	const {stack, kernel, xen} = versions ?? {stack: '?', kernel: '?', xen: '?'};
	const what = [
		`Stack ${stack}: Linux ${kernel}, Xen ${xen}. Counted time; above 1 x the channel is better.`,
		`Medians; the spread is from the least round to the most, marked above ${widest} %.`,
	].join('\n');
	const wide = scattered(results).map(line => `- ${line}\n`);
	const last = wide.length === 0 ? [] : [`## Rounds that lie far apart\n\n${wide.join('')}`];

	return [`# Bench\n\n${what}\n`, ...chapters, ...last].join('\n');
}

function tableOf(results: readonly Result[]): string {
	const {rows, right} = cells(results);

	return markdownTable(rows, right).join('\n');
}

/** As prettier writes it: columns as wide as their widest cell. */
export function markdownTable(
	rows: ReadonlyArray<readonly string[]>,
	right: ReadonlySet<number>,
): string[] {
	const widths = (rows[0] ?? []).map((_, column) =>
		Math.max(3, ...rows.map(row => (row[column] ?? '').length)),
	);
	const line = (row: readonly string[]) =>
		`| ${widths.map((width, column) => pad(row[column] ?? '', width, right.has(column))).join(' | ')} |`;
	const rule = widths.map((width, column) =>
		right.has(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
	);
	const [head = [], ...rest] = rows;

	return [head, rule, ...rest].map(line);
}

function pad(text: string, width: number, isRight: boolean): string {
	return isRight ? text.padStart(width) : text.padEnd(width);
}
