// SPDX-License-Identifier: MIT
// migration.js: a guest moves to its peer's host and away, without Coloop and with it, in time that both
// hosts count together. Writes build/migration.json and docs/migration.svg, prints a table, and fails if
// the connection breaks or waits longer than it may.
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {markdownTable} from '../bench/markdown.ts';
import {modes, oneOf} from '../lab/images.ts';
import {repository} from '../lab/paths.ts';
import {TwoHosts} from '../lab/two-hosts.ts';
import {figuresOf} from './figures.ts';
import {travel, type Journey} from './journey.ts';
import {picture} from './picture.ts';
import {complaints, rowsOf} from './verdict.ts';

const startedAt = Date.now();
const mode = oneOf('MODE', modes, process.env['MODE'] || 'icount');

function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

async function inTwoHosts(name: string, withColoop: boolean): Promise<Journey> {
	say(`== ${name} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
	const hosts = await TwoHosts.start({mode, builds: true, ...(process.env['VERBOSE'] && {say})});
	try {
		return await travel(hosts, withColoop);
	} finally {
		await hosts.stop();
	}
}

const without = await inTwoHosts('without Coloop', false);
const coloop = await inTwoHosts('with Coloop', true);
const figures = {without: figuresOf(without), with: figuresOf(coloop)};
const failures = complaints(figures.without, figures.with);

await mkdir(path.join(repository, 'build'), {recursive: true});
await writeFile(
	path.join(repository, 'build/migration.json'),
	`${JSON.stringify({mode, figures, failures, journeys: {without, with: coloop}})}\n`,
);
await writeFile(
	path.join(repository, 'docs/migration.svg'),
	picture('A guest moves to its peer, and away', [
		{title: 'with Coloop', journey: coloop},
		{title: 'without', journey: without},
	]),
);
say(markdownTable(rowsOf(figures.without, figures.with), new Set([1, 2])).join('\n'));
say('\nevery sample: build/migration.json; drawn: docs/migration.svg');
for (const failure of failures) {
	say(`not as promised: ${failure}`);
	process.exitCode = 1;
}
