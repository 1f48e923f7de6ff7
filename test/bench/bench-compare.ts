// SPDX-License-Identifier: MIT
// bench-compare.js OLD [NEW]: what changed by more than 2 % since another bench.json, and by more than
// the rounds of a row differ.
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {table} from '../../userland/cli/render.ts';
import {repository} from '../lab/paths.ts';
import {compare, type Change} from './compare.ts';
import {parseResults} from './parse-results.ts';

async function read(file: string) {
	try {
		return parseResults(await readFile(file, 'utf8'), file);
	} catch (error) {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
		process.exit(1);
	}
}

function cellsOf({name, arm, unit, old, now, gain, scatters = ''}: Change): string[] {
	const sign = gain > 0 ? '+' : '';

	return [name, arm, String(old), String(now), unit, `${sign}${gain.toFixed(1)} %`, scatters];
}

const [older, newer = path.join(repository, 'build/bench.json')] = process.argv.slice(2);
if (!older) {
	process.stderr.write('usage: make bench-compare OLD=file\n');
	process.exit(2);
}
const {changes, unclear, gone, added} = compare(await read(older), await read(newer));
const say = (line: string) => void process.stdout.write(`${line}\n`);
const head = ['', 'way', 'old', 'new', 'unit', 'better by', 'known to scatter'];
const right = new Set([2, 3, 5]);

/** Best first: above 0 is better, whatever the unit. */
function tell(list: readonly Change[]): void {
	const sorted = [...list].sort((a, b) => b.gain - a.gain);
	say(table([head, ...sorted.map(cellsOf)], right).join('\n'));
}

if (changes.length > 0) {
	tell(changes);
} else {
	say('nothing changed by more than 2 %');
}
if (unclear.length > 0) {
	say('\nno change: the rounds of one lie among those of the other');
	tell(unclear);
}
if (gone.length > 0) {
	say(`\nonly in the old one: ${gone.join(', ')}`);
}
if (added.length > 0) {
	say(`\nonly in the new one: ${added.join(', ')}`);
}
