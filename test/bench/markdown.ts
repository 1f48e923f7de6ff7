// SPDX-License-Identifier: MIT
import type {Versions} from './record.ts';
import {cells, head, type Result} from './results.ts';
import type {Group} from './rows/groups.ts';

/** The whole bench as tables, a chapter for each group. */
export function markdown(
	groups: readonly Pick<Group, 'name' | 'title'>[],
	results: readonly Result[],
	{stack, kernel, xen}: Versions,
): string {
	const chapters = groups.flatMap(({name, title}) => {
		const rows = results.filter(({group}) => group === name);
		return rows.length === 0 ? [] : [`## ${title}\n\n${tableOf(rows)}\n`];
	});
	const what = `Stack ${stack}: Linux ${kernel}, Xen ${xen}. Counted time; above 1 x the channel is better.`;
	return [`# Bench\n\n${what}\n`, ...chapters].join('\n');
}

function tableOf(results: readonly Result[]): string {
	const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
	const rule = head.map((_, index) => ([1, 2, 3, 5].includes(index) ? '---:' : '---'));
	return [head, rule, ...results.map(cells)].map(line).join('\n');
}
