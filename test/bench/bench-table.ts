// SPDX-License-Identifier: MIT
// bench-table.js [FILE...]: README's table from a bench.json, and which bounds its figures meet.  What
// a later file has measured again counts.
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {repository} from '../lab/paths.ts';
import {verdictTable} from './bounds.ts';
import {readmeTable, withTable} from './readme.ts';
import {parseResults} from './parse-results.ts';
import type {Result} from './results.ts';

const given = process.argv.slice(2);
const files = given.length > 0 ? given : [path.join(repository, 'build/bench.json')];
const rows = new Map<string, Result>();
for (const file of files) {
	for (const result of parseResults(await readFile(file, 'utf8'), file)) {
		rows.set(result.name, result);
	}
}
const results = [...rows.values()];
const readme = path.join(repository, 'README.md');
await writeFile(readme, withTable(await readFile(readme, 'utf8'), readmeTable(results)));
const lines = [...readmeTable(results), '', ...verdictTable(results)];
process.stdout.write(`${lines.join('\n')}\n`);
