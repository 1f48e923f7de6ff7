// SPDX-License-Identifier: MIT
//
// What a new administrator sees: packages, a policy, traffic that moves; then ten things that go wrong, each told by
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

/** Each is broken, told and mended; what is not told keeps none of the others from being tried. */
async function tryAll(t: ExecutionContext, given: Given): Promise<void> {
	const untold: string[] = [];
	for (const [name, trouble] of Object.entries(troubles)) {
		await step(t, name, meet(trouble, given)).catch((error: unknown) =>
			untold.push(`${name}: ${error instanceof Error ? error.message : String(error)}`),
		);
		await trouble.mends(given);
		await channelUp(given.lab);
	}
	t.deepEqual(untold, []);
}

async function meet({breaks, told}: Trouble, given: Given): Promise<void> {
	await breaks(given);
	for (const [machine, command, ...words] of told(given)) {
		await hears(machine, command, words);
	}
}

/** Waits until a command says all of that, as it is or by its errors. */
async function hears(machine: Guest, command: string, words: readonly RegExp[]): Promise<void> {
	let said = '';
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
}

test('ten things go wrong, and each is told', withPackages, async (t, given) => {
	await step(t, 'begins', begins(t, given));
	await tryAll(t, given);
	await takeBack(given.lab);
});
