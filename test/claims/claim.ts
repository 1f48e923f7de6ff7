// SPDX-License-Identifier: MIT
//
// claim.js NAME FIGURE...: notes what a run has shown, for the table at the end (table.ts).
import {appendFile, mkdir} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type {ClaimName} from './claims.ts';
import {noted, parseName, type Note} from './notes.ts';

/** What a test in a lab has shown, on this stack. */
export function claim(name: ClaimName, figure: string): Promise<void> {
	return add(name, figure, process.env['STACK']);
}

async function add(name: ClaimName, figure: string, stack?: string): Promise<void> {
	const date = new Date().toISOString().slice(0, 10);
	const note: Note = {name, figure, date, ...(stack ? {stack} : {})};
	await mkdir(path.dirname(noted), {recursive: true});
	await appendFile(noted, `${JSON.stringify(note)}\n`);
}

if (process.argv[1]?.endsWith('claims/claim.js')) {
	const [name = '', ...figure] = process.argv.slice(2);
	await add(parseName(name), figure.join(' '));
}
