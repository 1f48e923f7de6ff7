// SPDX-License-Identifier: MIT
//
// What a new administrator sees: packages, a policy, traffic that moves; then eleven things that go wrong, each told by
// the tool's own words, with what to do about it.
import test, {type ExecutionContext} from 'ava';
import {channelUp, patient, step, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {labWith, type Given} from '../with-lab.ts';
import {allow, installed, takeBack} from './_packages.ts';
import {troubles, type Trouble} from './_troubles.ts';

const withPackages = labWith({builds: false, begins: installed});

const begins: Body = async (t, {dom0, a, lab}) => {
	await dom0.run('coloop status --wait -t 600', patient);
	await allow(lab);
	for (const machine of [dom0, a]) {
		t.regex((await machine.run('coloop status --wait -t 600', patient)).stdout, /^healthy$/m);
		t.notRegex((await machine.run('coloop doctor', patient)).stdout, /^error/m);
	}
	const {stdout} = await a.run('coloop test b', patient);
	t.regex(stdout, /b \(10\.0\.0\.2\): works, the channel carried \d+ packets there and \d+ back/);
	t.regex((await dom0.run('coloop', patient)).stdout, /a <-> b +\d+ \d+ +live/);
};

/** What was broken, what was asked, and the lines that tell it. */
type Row = readonly [trouble: string, asked: string, told: string];

/** Each is broken, told and mended; what is not told keeps none of the others from being tried. */
async function tryAll(t: ExecutionContext, given: Given): Promise<void> {
	const rows: Row[] = [];
	const untold: string[] = [];
	for (const [name, trouble] of Object.entries(troubles)) {
		try {
			rows.push(...(await meet(name, trouble, given)));
		} catch (error) {
			rows.push([name, '-', 'not told']);
			untold.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
		}
		await trouble.mends(given);
		await channelUp(given.lab);
	}
	for (const line of tableOf(rows)) {
		t.log(line);
	}
	t.deepEqual(untold, []);
	t.is(rows.filter(([name]) => name !== '').length, 11);
}

async function meet(name: string, {breaks, told}: Trouble, given: Given): Promise<Row[]> {
	await breaks(given);
	const rows: Row[] = [];
	for (const [machine, command, ...words] of told(given)) {
		const lines = await hears(machine, command, words);
		lines.forEach((line, index) => {
			const asked = index === 0 ? `${machine.name}$ coloop ${command}` : '';
			rows.push([rows.length === 0 ? name : '', asked, line]);
		});
	}

	return rows;
}

/** Waits until a command says all of that, as it is or by its errors; answers the lines that do. */
async function hears(
	machine: Guest,
	command: string,
	words: readonly RegExp[],
): Promise<readonly string[]> {
	let said = '';
	const lines = () => said.split('\n').filter(line => words.some(word => word.test(line)));
	const isTold = async () => {
		const {stdout, stderr} = await machine.run(`coloop ${command}`, {
			...{fails: 'maybe', timeout: 120_000},
		});
		said = `${stdout}${stderr}`;

		return words.every(word => word.test(said));
	};
	await until(`coloop ${command} says it`, isTold, {timeout: 60_000, every: 3000}).catch(() => {
		throw new Error(
			`${machine.name}$ coloop ${command}: expected ${words.join(', ')}, got\n${said}`,
		);
	});

	return lines().map(line => line.trim().replace(/ {2,}/g, '  '));
}

function tableOf(rows: readonly Row[]): string[] {
	const all = [['broken', 'asked', 'told'] as const, ...rows];
	const widths = [0, 1].map(column => Math.max(...all.map(row => row[column]?.length ?? 0)));

	return all.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

test('eleven things go wrong, and each is told', withPackages, async (t, given) => {
	await step(t, 'begins', begins(t, given));
	await tryAll(t, given);
	await takeBack(given.lab);
});
