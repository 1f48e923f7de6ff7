// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {repository} from '../lab/paths.ts';
import {claims, type ClaimName} from './claims.ts';

/** What a run has shown of a claim. */
export type Note = {
	readonly name: ClaimName;
	readonly figure: string;
	/** Of the run, 2026-11-21. */
	readonly date: string;
	/** The lab's stack, where it was in a lab. */
	readonly stack?: string;
};

/** What runs in this tree have shown: one JSON object a line, the newest last. */
export const noted = path.join(repository, 'build/claims.jsonl');

/** The same, of runs that are too long to repeat for each reader: in the tree for good. */
export const kept = path.join(repository, 'test/claims/kept.jsonl');

export async function readNotes(): Promise<Note[]> {
	const files = [kept, noted].map(file => readFile(file, 'utf8').catch(() => ''));

	return latest((await Promise.all(files)).flatMap(parseNotes));
}

export function parseNotes(text: string): Note[] {
	return text
		.split('\n')
		.filter(Boolean)
		.map(line => JSON.parse(line) as Note);
}

/** The last one of each claim and stack, in the order of the claims. */
export function latest(notes: readonly Note[]): Note[] {
	const byDate = [...notes].sort((a, b) => a.date.localeCompare(b.date));
	const last = new Map(byDate.map(note => [`${note.name} ${note.stack ?? ''}`, note]));

	return claims.flatMap(({name}) =>
		[...last.values()]
			.filter(note => note.name === name)
			.sort((a, b) => (a.stack ?? '').localeCompare(b.stack ?? '')),
	);
}

export function parseName(name: string): ClaimName {
	const known = claims.find(each => each.name === name);
	if (known) {
		return known.name;
	}
	throw new Error(`no claim "${name}"; one of ${claims.map(each => each.name).join(', ')}`);
}
