// SPDX-License-Identifier: MIT
//
// table.js: each claim, the command that shows it, what it showed when it last ran, and when.
// table.js --keep: and puts what this tree's runs have shown into kept.jsonl.
import {writeFile} from 'node:fs/promises';
import process from 'node:process';
import {claims} from './claims.ts';
import {kept, readNotes, type Note} from './notes.ts';

/** The lines of a Markdown table; what was never shown says so. */
export function table(shown: readonly Note[]): string[] {
	return [
		'| claim | how checked | figure | date |',
		'| --- | --- | --- | --- |',
		...claims.map(({name, claim, command}) => {
			const of = shown.filter(note => note.name === name);
			const figure = of.map(({figure, stack}) => (stack ? `${figure} (${stack})` : figure));
			const [date = ''] = of.map(each => each.date).sort();

			return `| ${claim} | \`${command}\` | ${figure.join('; ') || '**missing**'} | ${date} |`;
		}),
	];
}

if (process.argv[1]?.endsWith('claims/table.js')) {
	const shown = await readNotes();
	for (const line of table(shown)) {
		console.log(line);
	}
	if (process.argv.includes('--keep')) {
		await writeFile(kept, shown.map(note => `${JSON.stringify(note)}\n`).join(''));
	}
}
