// SPDX-License-Identifier: MIT
import {markdownTable} from './markdown.ts';
import type {Result} from './results.ts';
import {widest} from './rounds.ts';
import {networks, type Arm} from './row.ts';

/** What README shows of the bench: one row for each question that people ask first. */
const shown = [
	...['ping_rtt', 'tcp_rr_1', 'tcp_rr_1024', 'udp_rr_14'],
	...['tcp_1K', 'tcp_8K', 'tcp_64K', 'tcp_64K_x4'],
	...['udp_1400', 'udp_8900', 'udp_32000'],
	...['redis_get', 'wrk_1K', 'pgbench_select', 'memcached_get', 'nfs_read', 'nfs_write'],
	...['tcp_stream_dom0', 'tcp_64K_br0', 'tcp_64K_nat', 'mesh_pairs_4'],
];

const begin = '<!-- bench: written by `make bench-table` -->';
const end = '<!-- /bench -->';

/** README's table, of the rows that were measured. */
export function readmeTable(results: readonly Result[]): string[] {
	const rows = shown.flatMap(name => {
		const found = results.find(each => each.name === name);

		return found === undefined ? [] : [cellsOf(found)];
	});
	const head = ['row', 'unit', ...networks, 'ratio'];

	return markdownTable([head, ...rows], new Set([2, 3, 4, 5]));
}

/** The text with another table between the marks. */
export function withTable(readme: string, table: readonly string[]): string {
	const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
	if (from === -1 || to < from) {
		throw new Error(`README.md: expected ${begin} and ${end}`);
	}
	const [before, after] = [readme.slice(0, from + begin.length), readme.slice(to)];

	return [before, '', ...table, '', after].join('\n');
}

function cellsOf(result: Result): string[] {
	const {name, unit, ratio} = result;

	return [
		...[name, unit, ...networks.map(arm => figureOf(result, arm))],
		ratio === undefined ? '-' : ratio.toFixed(2),
	];
}

function figureOf({loss, spread, ...result}: Result, arm: Arm): string {
	const value = result[arm];
	if (value === undefined) {
		return '-';
	}
	// Thousands apart by a space that does not break.
	const digits = String(value).replace(/\B(?=(?:\d{3})+$)/g, '\u00A0');
	const lost = loss?.[arm] ?? 0;
	const wide = spread?.[arm] ?? 0;
	const more = [
		...(lost > 0 ? [`${lost.toPrecision(3)} % lost`] : []),
		...(wide > widest ? [`${wide.toPrecision(2)} % spread`] : []),
	];

	return `${value < 1000 ? value : digits}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}
