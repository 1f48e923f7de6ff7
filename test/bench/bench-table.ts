// SPDX-License-Identifier: MIT
// bench-table.js [FILE]: README's table from a bench.json, and which bounds its figures meet.
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {repository} from '../lab/paths.ts';
import {verdictTable} from './bounds.ts';
import {readmeTable, withTable} from './readme.ts';
import {parseResults} from './results.ts';

const [file = path.join(repository, 'build/bench.json')] = process.argv.slice(2);
const results = parseResults(await readFile(file, 'utf8'), file);
const readme = path.join(repository, 'README.md');
await writeFile(readme, withTable(await readFile(readme, 'utf8'), readmeTable(results)));
const lines = [...readmeTable(results), '', ...verdictTable(results)];
process.stdout.write(`${lines.join('\n')}\n`);
