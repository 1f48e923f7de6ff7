// SPDX-License-Identifier: MIT
//
// Prints how much of the module and of the control plane the tests have run: of kmod/ what the
// harness and the labs of stacks debug and debug-pv counted, of the TypeScript what c8 did. Fails
// below the targets, of those that were measured. Runs from the top of the tree.
import {existsSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {claim} from '../claims/claim.ts';
import {mergeCovers, parseGcov, ratio, total, type Cover, type Ratio} from './gcov.ts';

const core = 'ring.c';
const targets = {module: 85, branches: 100, typescript: 90};

const harness = await read('build/cover/harness', ['gcov.json']);
const labs = await read('build/cover/lab', await labReports());
const all = mergeCovers([harness, labs]);
const missed: string[] = [];
const figures: string[] = [];

if (labs.size > 0) {
	table(all);
} else {
	console.log('module     not measured: STACK=debug make lab-test comes first');
}
const branches = harness.get(core)?.branches ?? new Map<string, number>();
judge(`${core}, branches`, ratio(branches), targets.branches);
await typescript();
console.log(`${missed.length} of the targets missed`);
if (labs.size > 0 && missed.length === 0) {
	await claim('coverage', figures.join(', '));
}
process.exitCode = missed.length > 0 ? 1 : 0;

async function read(folder: string, reports: readonly string[]): Promise<Cover> {
	const covers = reports.map(async each => {
		const text = await readFile(path.join(folder, each), 'utf8');

		return text
			.split('\n')
			.filter(line => line !== '')
			.map(parseGcov);
	});

	return mergeCovers((await Promise.all(covers)).flat());
}

async function labReports(): Promise<string[]> {
	const folder = 'build/cover/lab';
	if (!existsSync(folder)) {
		return [];
	}
	const names = await readdir(folder);

	return names
		.map(name => path.join(name, 'gcov.json'))
		.filter(each => existsSync(path.join(folder, each)));
}

function table(cover: Cover): void {
	const files = [...cover].sort(([one], [other]) => one.localeCompare(other));

	for (const [name, {lines}] of files) {
		const never = [...lines].flatMap(([line, count]) => (count === 0 ? [line] : []));
		console.log(`${row(name, ratio(lines))}  ${ranges(never)}`);
	}
	judge('module, lines', total(files.map(([, {lines}]) => ratio(lines))), targets.module);
}

async function typescript(): Promise<void> {
	const summary: unknown = JSON.parse(
		await readFile('build/cover/ts/coverage-summary.json', 'utf8'),
	);
	const text = JSON.stringify(summary);
	const found = /"total":\{"lines":\{"total":(\d+),"covered":(\d+)/.exec(text);
	judge(
		'TypeScript, lines',
		{hit: Number(found?.[2]), of: Number(found?.[1])},
		targets.typescript,
	);
}

function judge(what: string, counted: Ratio, target: number): void {
	const good = percent(counted) >= target;
	figures.push(`${what} ${percent(counted).toFixed(1)} %`);
	console.log(`${row(what, counted)}  ${good ? 'of' : 'MISSES'} ${target} %`);
	if (!good) {
		missed.push(what);
	}
}

function row(what: string, {hit, of}: Ratio): string {
	const share = percent({hit, of}).toFixed(1);

	return `${what.padEnd(20)} ${String(hit).padStart(5)} of ${String(of).padStart(5)} ${share.padStart(6)} %`;
}

function percent({hit, of}: Ratio): number {
	return of > 0 ? (100 * hit) / of : 0;
}

/** 3-5 9 */
function ranges(numbers: readonly number[]): string {
	const found: Array<{from: number; to: number}> = [];

	for (const each of [...numbers].sort((one, other) => one - other)) {
		const last = found.at(-1);
		if (last?.to === each - 1) {
			last.to = each;
		} else {
			found.push({from: each, to: each});
		}
	}

	return found.map(({from, to}) => (from === to ? from : `${from}-${to}`)).join(' ');
}
