// SPDX-License-Identifier: MIT
// profile.js: ROW=name [ARM=channel|netfront|loopback]: where a row's instructions go, by function.
// Writes build/profile-ROW-ARM.txt.
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {Lab} from '../../lab/lab.ts';
import {repository} from '../../lab/paths.ts';
import {runRow} from '../measure.ts';
import {networks, type Network, type Row} from '../row.ts';
import {groups, type Group} from '../rows/groups.ts';
import {startMoreServers, startServers} from '../servers.ts';
import {Stage} from '../stage.ts';
import {Counter} from './counter.ts';
import {amountBetween, amountOf, difference, functionsOf, profileText} from './counts.ts';
import {Symbols} from './symbols.ts';

function asArm(text: string): Network {
	const arm = networks.find(each => each === text);
	if (arm) {
		return arm;
	}
	throw new Error(`ARM: expected ${networks.join(', ')}, got "${text}"`);
}

function find(name: string): {row: Row; group: Group} {
	for (const group of groups) {
		for (const {row} of group.works) {
			if (row?.name === name) {
				return {row, group};
			}
		}
	}
	const names = groups.flatMap(({works}) => works.flatMap(({row}) => row?.name ?? []));
	throw new Error(`ROW: expected one of ${names.join(' ')}, got "${name}"`);
}

/** Of guests and dom0, which have one kernel, but different modules. */
async function symbolsOf({dom0, a, b}: Lab): Promise<Symbols> {
	const read = async (machine: typeof a, file: string) =>
		(await machine.run(`cat ${file}`, {silent: true, timeout: 240_000})).stdout;

	return new Symbols(await read(dom0, '/proc/xen/xensyms'), {
		a: await read(a, '/proc/kallsyms'),
		b: await read(b, '/proc/kallsyms'),
		dom0: await read(dom0, '/proc/kallsyms'),
	});
}

async function profile(lab: Lab, counter: Counter, row: Row, group: Group, arm: Network) {
	const stage = new Stage(lab, group);
	await Stage.load(lab);
	await lab.b.run(startServers);
	if (group.programs) {
		await startMoreServers(lab.b);
	}
	await group.setup?.up(lab);
	await stage.turnTo(arm);
	await stage.rest();
	const symbols = await symbolsOf(lab);
	const run = (times: number) => countRun({stage, counter, row, arm, times});
	// Programs are in the page caches after it, and their code in the emulator's.
	await run(1);
	const short = await run(1);
	const whole = {functions: functionsOf(short.counts, symbols), amount: amountOf(short.stdout)};
	if (!grows(row)) {
		return profileText(`${row.name} by ${arm}, start and end counted`, whole);
	}
	const long = await run(2);

	return profileText(`${row.name} by ${arm}`, {
		functions: functionsOf(difference(long.counts, short.counts), symbols),
		amount: amountBetween(whole.amount, amountOf(long.stdout)),
	});
}

/** Whether it can run longer: a longer run less a shorter one has neither start nor end. */
function grows({program}: Row): boolean {
	return program('b', 2) !== program('b', 1);
}

type Run = {
	readonly stage: Stage;
	readonly counter: Counter;
	readonly row: Row;
	readonly arm: Network;
	readonly times: number;
};

async function countRun({stage, counter, row, arm, times}: Run) {
	const program = (address: string) => row.program(address, times);
	const before = await counter.counts();
	const stdout = await runRow({...row, program}, arm, stage.place(arm));

	return {counts: difference(await counter.counts(), before), stdout};
}

const {row, group} = find(process.env['ROW'] ?? '');
const arm = asArm(process.env['ARM'] || 'channel');
const counter = await Counter.create();
try {
	const lab = await Lab.start({mode: 'icount', plugin: counter.option});
	try {
		const text = await profile(lab, counter, row, group, arm);
		const file = path.join(repository, `build/profile-${row.name}-${arm}.txt`);
		await writeFile(file, text);
		process.stdout.write(`${text}\n${path.relative(process.cwd(), file)}\n`);
	} finally {
		await lab.stop();
	}
} finally {
	await counter.close();
}
