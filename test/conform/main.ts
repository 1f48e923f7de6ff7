// SPDX-License-Identifier: MIT
// main.js [NAME...]: every case, or those that are named, over the channel and over netfront, on real Xen.
// Writes build/conform.json, what was seen to build/conform.jsonl and, of all cases, test/README.md's table; fails if anything differs.
import {appendFileSync, mkdirSync, writeFileSync} from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {allowPair, withColoopIn} from '../lab/channel.ts';
import {checks, findSplats} from '../lab/checks.ts';
import {Lab} from '../lab/lab.ts';
import {repository} from '../lab/paths.ts';
import {conform} from './rounds.ts';
import type {Comparison} from './compare.ts';
import type {Sighting, Way} from './sighting.ts';
import {summary, table, withTable} from './table.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const names = process.argv.slice(2);

const sightings = path.join(repository, 'build/conform.jsonl');

function hear(way: Way, seen: Sighting): void {
	const {subject, case: name, outcome, why, seconds} = seen;
	appendFileSync(sightings, `${JSON.stringify({way, ...seen})}\n`);
	say(`${way}: ${subject}: ${name}: ${[outcome, why].filter(Boolean).join(', ')} (${seconds} s)`);
}

async function compareIn(lab: Lab): Promise<readonly Comparison[]> {
	const looks = await Promise.all(checks.map(check => check(lab)));
	const comparisons = await withColoopIn(lab, allowPair, () =>
		conform(lab, names.length > 0 ? names : ['all'], hear),
	);
	const left = [];
	for (const look of looks) {
		left.push(...(await look()));
	}
	const splats = await findSplats(lab);
	if (left.length > 0 || splats.length > 0) {
		throw new Error([...left, ...splats.map(({text}) => text)].join('\n'));
	}

	return comparisons;
}

async function keep(comparisons: readonly Comparison[]): Promise<void> {
	await writeFile(
		path.join(repository, 'build/conform.json'),
		JSON.stringify(comparisons, undefined, '\t'),
	);
	if (names.length === 0) {
		const readme = path.join(repository, 'test/README.md');
		await writeFile(readme, withTable(await readFile(readme, 'utf8'), table(comparisons)));
	}
}

mkdirSync(path.dirname(sightings), {recursive: true});
writeFileSync(sightings, '');
const lab = await Lab.start({say});
try {
	const comparisons = await compareIn(lab);
	await keep(comparisons);
	say(['', ...table(comparisons), ''].join('\n'));
	for (const {name, verdict, notes} of comparisons) {
		if (verdict === 'differs' || verdict === 'failed') {
			say([`${name}: ${verdict}`, ...notes.map(note => `  ${note}`)].join('\n'));
			process.exitCode = 1;
		}
	}
	say(summary(comparisons));
} finally {
	await lab.stop();
}
