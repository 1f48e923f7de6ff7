// SPDX-License-Identifier: MIT
import {markdownTable} from '../bench/markdown.ts';
import type {Comparison} from './compare.ts';

const [begin, end] = ['<!-- conform: written by `make conform` -->', '<!-- /conform -->'];

/** A row for each case, and below it once what several have in common. */
export function table(comparisons: readonly Comparison[]): string[] {
	const notes = [
		...new Set(comparisons.flatMap(({verdict, notes: own}) => (verdict === 'same' ? own : []))),
	];
	const mark = (note: string) => `[${notes.indexOf(note) + 1}]`;
	const rows = comparisons.map(({subject, name, verdict, notes: own, diverted}) => {
		const said = verdict === 'same' ? own.map(mark).join(' ') : own.map(brief).join('; ');

		return [subject, name, String(diverted), [verdict, said].filter(Boolean).join(' ')];
	});
	const head = ['subject', 'case', 'packets by the channel', 'against netfront'];

	return [
		...markdownTable([head, ...rows], new Set([2])),
		'',
		...notes.map(note => `${mark(note)} ${note}.  `),
	];
}

function brief(note: string): string {
	return (note.split('\n')[0] ?? '').slice(0, 160).replaceAll('|', '\\|');
}

export function summary(comparisons: readonly Comparison[]): string {
	const verdicts = ['same', 'differs', 'failed', 'not here'] as const;

	return verdicts
		.map(verdict => [comparisons.filter(each => each.verdict === verdict).length, verdict])
		.map(([count, verdict]) => `${count} ${verdict}`)
		.join(', ');
}

/** A document with the table between its two marks. */
export function withTable(document: string, lines: readonly string[]): string {
	const [from, to] = [document.indexOf(begin), document.indexOf(end)];
	if (from < 0 || to < from) {
		throw new Error(`expected ${begin} and ${end}`);
	}

	return `${document.slice(0, from + begin.length)}\n\n${lines.join('\n')}\n\n${document.slice(to)}`;
}
