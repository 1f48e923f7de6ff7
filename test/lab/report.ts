// SPDX-License-Identifier: MIT
import {appendFileSync, mkdirSync, writeFileSync} from 'node:fs';
import {appendFile, mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import type {Outcome} from './errors.ts';
import type {Lab} from './lab.ts';
import {repository} from './paths.ts';

export type Report = {
	readonly title: string;
	readonly outcome: Outcome;
	readonly ms: number;
	readonly error: unknown;
	readonly transcript: readonly string[];
	readonly lab: Lab | undefined;
};

const logs = {
	dmesg: 'dmesg',
	coloopd: 'cat /var/log/coloopd.log 2>/dev/null || journalctl -b --no-pager',
};

const folder = path.join(repository, 'build/lab');

/** Writes what a test does to build/lab/now.log as it does it, with seconds since its start; one test after the other. */
export function follow(title: string): (line: string) => void {
	const [file, from] = [path.join(folder, 'now.log'), Date.now()];
	mkdirSync(folder, {recursive: true});
	writeFileSync(file, `${title}\n`);

	return line => {
		appendFileSync(file, `${((Date.now() - from) / 1000).toFixed(0).padStart(5)} ${line}\n`);
	};
}

/** One line per test in build/lab/outcomes.jsonl; logs of what did not pass beside it. */
export async function keep(report: Report): Promise<void> {
	const {title, outcome, ms, error, transcript, lab} = report;
	const restoreMs = lab?.restoreMs;

	await mkdir(folder, {recursive: true});
	await appendFile(
		path.join(folder, 'outcomes.jsonl'),
		JSON.stringify({title, outcome, ms, restore_ms: restoreMs}) + '\n',
	);
	if (outcome === 'pass' || outcome === 'skip') {
		return;
	}
	const at = path.join(folder, title.replaceAll(/[^\w]+/g, '-'));
	await mkdir(at, {recursive: true});
	await writeFile(path.join(at, 'transcript.txt'), transcript.join('\n') + '\n');
	await writeFile(path.join(at, 'error.txt'), String(error) + '\n');
	if (!lab) {
		return;
	}
	await writeFile(path.join(at, 'console.log'), lab.consoleText);
	for (const name of ['dom0', 'a', 'b']) {
		for (const [file, command] of Object.entries(logs)) {
			const log = lab.get(name).run(command, {silent: true, timeout: 20_000});
			await log
				.then(({stdout}) => writeFile(path.join(at, `${file}-${name}.txt`), stdout))
				.catch(() => {});
		}
	}
}
