// SPDX-License-Identifier: MIT
// bench.js: every row by netfront, the channel and loopback in turns, in counted time.
// BENCH='name or group ...' picks some.  Writes build/bench.json, bench.md and a chart per group.
// Fails only if something does not work, at the end; it does not care how fast.
import process from 'node:process';
import {findSplats} from '../lab/checks.ts';
import {CrashError, LabError} from '../lab/errors.ts';
import type {GuestType} from '../lab/guest-config.ts';
import {Lab} from '../lab/lab.ts';
import {verdictTable} from './bounds.ts';
import {readmeTable} from './readme.ts';
import {BenchRecord} from './record.ts';
import {resultTable, round, scattered} from './results.ts';
import {rounds} from './rounds.ts';
import {networks, type Network} from './row.ts';
import {groups, pick, type Group} from './rows/groups.ts';
import {startMoreServers, startServers} from './servers.ts';
import {Stage} from './stage.ts';
import type {Work} from './work.ts';

const startedAt = Date.now();
const say = (line: string) => void process.stdout.write(`${line}\n`);

function step(title: string): void {
	say(`== ${title} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
}

/** The groups of one kind of guests, in a lab of their own. */
async function benchAll(lab: Lab, chosen: readonly Group[], record: BenchRecord): Promise<void> {
	step('load Coloop, start the servers');
	record.versions ??= await versions(lab);
	await Stage.load(lab);
	await lab.b.run(startServers);
	if (chosen.some(({programs}) => programs)) {
		await startMoreServers(lab.b);
	}
	for (const group of chosen) {
		await benchGroup(lab, group, record);
	}
	const splats = await findSplats(lab);
	if (splats.length > 0) {
		throw new Error(splats.map(({text}) => text).join('\n'));
	}
}

/** Rounds of a row by one way have the other ways between them, and the whole group's rows. */
async function benchGroup(lab: Lab, group: Group, record: BenchRecord): Promise<void> {
	const stage = new Stage(lab, group);
	await group.setup?.up(lab);
	for (let round = 1; round <= rounds; round++) {
		for (const arm of networks) {
			await benchArm(stage, group, arm, round, record);
		}
	}
	await stage.wake();
	await group.setup?.down(lab);
}

async function benchArm(
	stage: Stage,
	group: Group,
	arm: Network,
	round: number,
	record: BenchRecord,
): Promise<void> {
	const works = group.works.filter(
		work => work.arms.includes(arm) && !record.hasFailed(nameOf(work), arm),
	);
	if (works.length === 0) {
		return;
	}
	step(`${group.name}, ${arm}, round ${round} of ${rounds}`);
	await attempt(works, arm, record, () => stage.turnTo(arm));
	for (const work of works) {
		if (!record.hasFailed(nameOf(work), arm)) {
			await attempt([work], arm, record, () => take(work, arm, stage, group, record));
		}
	}
}

async function take(
	work: Work,
	arm: Network,
	stage: Stage,
	group: Group,
	record: BenchRecord,
): Promise<void> {
	const figures = await work.take(stage, arm);
	for (const [index, heading] of work.headings.entries()) {
		const figure = figures[index];
		if (!figure) {
			throw new Error(`no figure for ${heading.name}`);
		}
		say(`  ${heading.name}: ${round(figure.value)} ${heading.unit}`);
		await record.keep(group, heading, work.column ?? arm, figure);
	}
}

/** What does not work is told, not tried again, and the rest goes on. */
async function attempt(
	works: readonly Work[],
	arm: Network,
	record: BenchRecord,
	run: () => Promise<void>,
): Promise<void> {
	try {
		await run();
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		for (const name of works.map(nameOf)) {
			say(`  ${name}: does not work: ${message}`);
			await record.fail({name, arm, message});
		}
		if (error instanceof CrashError || error instanceof LabError) {
			throw error;
		}
	}
}

function nameOf({headings}: Work): string {
	return headings.map(({name}) => name).join(', ');
}

async function versions({dom0, flavour}: Lab) {
	const {stdout} = await dom0.run("uname -r; xl info | sed -n 's/^xen_version *: //p'");
	const [kernel = '', xen = ''] = stdout.trim().split('\n');

	return {stack: flavour.stack, kernel, xen};
}

/** A machine is gone, and the rest of its rows with it; other kinds of guests have their own. */
async function benchType(type: GuestType, chosen: readonly Group[], record: BenchRecord) {
	step(`boot Xen, dom0 and two guests (${type}), or restore them as they were`);
	const lab = await Lab.start({mode: 'icount', type});
	try {
		await benchAll(lab, chosen, record);
	} catch (error) {
		process.exitCode = 1;
		say(`it does not work: ${String(error)}`);
	} finally {
		await lab.stop();
	}
}

function byType(chosen: readonly Group[]): Map<GuestType, Group[]> {
	const types = new Map<GuestType, Group[]>();
	for (const group of chosen) {
		const {type = 'pv'} = group;
		types.set(type, [...(types.get(type) ?? []), group]);
	}

	return types;
}

const chosen = pick(groups, process.env['BENCH'] ?? '');
const record = new BenchRecord();
for (const [type, some] of byType(chosen)) {
	await benchType(type, some, record);
}
const files = await record.illustrate(chosen);
step('done');
say(resultTable(record.results).join('\n'));
for (const line of scattered(record.results)) {
	say(`spread: ${line}`);
}
say(`\n${verdictTable(record.results).join('\n')}`);
say(`\n${readmeTable(record.results).join('\n')}`);
say(`\nevery figure: build/bench.json; ${files.join(', ')}`);
for (const {name, arm, message} of record.failures) {
	say(`does not work: ${name} by ${arm}: ${message.split('\n').slice(0, 3).join(' ')}`);
}
if (record.failures.length > 0) {
	process.exitCode = 1;
}
