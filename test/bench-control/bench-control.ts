// SPDX-License-Identifier: MIT
//
// What the host role costs, in CPU time and counts: build/bench-control.json and .md, and printed. Names of rows
// pick some of them.
import {execFile} from 'node:child_process';
import {mkdir, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {markdown} from './table.ts';
import {rows, type Figures} from './rows.ts';

const run = promisify(execFile);
const row = fileURLToPath(new URL('row.js', import.meta.url));
const asked = process.argv.slice(2);
/** For one row, in ms: each takes some 20 s where nobody else wants the processor, a real xenstored a minute. */
const patience = 300_000;
/** Rows that make devices and rules: they want root. */
const ofOwnNetwork: ReadonlySet<string> = new Set(['rules']);
const found: Record<string, Figures> = {};

for (const name of asked.length > 0 ? asked : Object.keys(rows)) {
	try {
		const words = [...(ofOwnNetwork.has(name) ? ['unshare', '--net'] : []), process.execPath];
		const [program = '', ...before] = words;
		const {stdout} = await run(program, [...before, row, name], {timeout: patience});
		found[name] = JSON.parse(stdout) as Figures;
		process.stderr.write(`${name} ${stdout}`);
	} catch (error) {
		/* The others are of use without it. */
		process.exitCode = 1;
		process.stderr.write(`${name} failed: ${String(error)}\n`);
	}
}

await mkdir('build', {recursive: true});
await writeFile('build/bench-control.json', `${JSON.stringify(found, undefined, '\t')}\n`);
await writeFile('build/bench-control.md', markdown(found));
process.stdout.write(markdown(found));
