// SPDX-License-Identifier: MIT
//
// claim.js NAME FIGURE...: notes what a run has shown, for the table at the end (table.ts).
import {appendFile, mkdir} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {claims, type ClaimName} from './claims.ts';

const here = fileURLToPath(import.meta.url);
/** One JSON object a line, the newest last. */
export const notes = path.join(path.dirname(here), '../../../claims.jsonl');

export type Note = {
	readonly name: ClaimName;
	readonly figure: string;
	readonly date: string;
	readonly stack?: string;
};

export async function claim(name: ClaimName, figure: string): Promise<void> {
	const stack = process.env['STACK'];
	const date = new Date().toISOString().slice(0, 10);
	const note: Note = {name, figure, date, ...(stack ? {stack} : {})};
	await mkdir(path.dirname(notes), {recursive: true});
	await appendFile(notes, `${JSON.stringify(note)}\n`);
}

export function parseName(name: string): ClaimName {
	const known = claims.find(each => each.name === name);
	if (known) return known.name;
	throw new Error(`no claim "${name}"; one of ${claims.map(each => each.name).join(', ')}`);
}

if (process.argv[1] === here) {
	const [name = '', ...figure] = process.argv.slice(2);
	await claim(parseName(name), figure.join(' '));
}
