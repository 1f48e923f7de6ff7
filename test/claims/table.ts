// SPDX-License-Identifier: MIT
//
// table.js: each claim, the command that shows it, what it showed when it last ran, and when.
import {readFile} from 'node:fs/promises';
import process from 'node:process';
import {notes, type Note} from './claim.ts';
import {claims} from './claims.ts';

/** The lines of a Markdown table; what was never shown says so. */
export function table(shown: readonly Note[]): string[] {
	return [
		'| claim | how checked | figure | date |',
		'| --- | --- | --- | --- |',
		...claims.map(({name, claim, command}) => {
			const last = newest(shown.filter(note => note.name === name));
			const figure = last.map(({figure, stack}) => (stack ? `${figure} (${stack})` : figure));
			const [date] = last.map(each => each.date).sort();
			return `| ${claim} | \`${command}\` | ${figure.join('; ') || '**missing**'} | ${date ?? ''} |`;
		}),
	];
}

/** The last one of each stack. */
function newest(shown: readonly Note[]): Note[] {
	return [...new Map(shown.map(note => [note.stack, note])).values()];
}

export function parseNotes(text: string): Note[] {
	return text
		.split('\n')
		.filter(Boolean)
		.map(line => JSON.parse(line) as Note);
}

if (process.argv[1]?.endsWith('claims/table.js')) {
	const text = await readFile(notes, 'utf8').catch(() => '');
	for (const line of table(parseNotes(text))) console.log(line);
}
