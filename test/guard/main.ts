// SPDX-License-Identifier: MIT
//
// main.js, in namespaces of its own (unshare --net --mount): random rulesets against the real kernel,
// for MINUTES or until there were RULESETS. SEED repeats a run, FIRST begins it at a ruleset.
import {writeFileSync} from 'node:fs';
import process from 'node:process';
import {openNftables} from '../../userland/nftables-js/index.ts';
import {confirmHole, keepHole, kindOf, type Hole} from './hole.ts';
import {openLive} from './live.ts';
import {printCommands, type Command} from './command.ts';
import {openProbe} from './probe.ts';
import {makeRuleset} from './ruleset.ts';
import {createTally} from './tally.ts';
import {holesIn, tryRuleset, underRules, type Lab} from './trial.ts';
import {readVerdict} from './verdict.ts';
import {buildWorld, guestsNamespace, pinPrograms} from './world.ts';

const folder = 'build/guard';
/** A frame takes far less than this many milliseconds, all of it in the sender's time. */
const wait = 3;
/** So often, of those that are refused, it is seen as well that the daemon hears of them. */
const hearEvery = 5;
/** It is to hear within a second; this machine may be busy. In milliseconds. */
const hearLimit = 4000;
/** So often it is seen that all frames pass where there are no rules. */
const checkEvery = 250;

const number = (name: string, otherwise: number) => Number(process.env[name] || otherwise);
const seed = number('SEED', Date.now() % 1_000_000);
const first = number('FIRST', 0);
const most = number('RULESETS', Infinity);
const end = Date.now() + number('MINUTES', 1) * 60_000;

await buildWorld();
await pinPrograms(`${folder}/bpf`);
const lab: Lab = {nft: openNftables(), probe: openProbe(`${folder}/probe`, guestsNamespace)};
const live = openLive();
const heard: number[] = [];
const tally = createTally();
const kinds = new Map<string, number>();

for (let index = first; index < first + most && Date.now() < end; index++) {
	if ((index - first) % checkEvery === 0) {
		await checkBaseline();
	}
	await fuzz(index);
}
await checkBaseline();
await lab.probe.close();
await lab.nft.close();
live.close();

console.log(tally.print());
console.log(
	`the daemon heard of ${heard.length} changes within ${Math.round(Math.max(0, ...heard))} ms, half of them within ${Math.round(median(heard))} ms`,
);
const figure = `${tally.count()} rulesets, ${kinds.size === 0 ? 'no hole' : `${kinds.size} kinds of holes`}`;
writeFileSync(`${folder}/figure`, `${figure}\n`);
console.log(`SEED=${seed}: ${figure}${kinds.size > 0 ? `: ${folder}/hole-*.sh` : ''}`);
process.exitCode = kinds.size > 0 ? 1 : 0;

async function fuzz(index: number): Promise<void> {
	const commands = makeRuleset(seed, index);
	// What takes the whole process down is told by what it was doing.
	writeFileSync(
		`${folder}/running.sh`,
		`# SEED=${seed} FIRST=${index}\n${printCommands(commands)}`,
	);
	try {
		const trial = await tryRuleset(commands, lab, wait);
		tally.add(trial);
		if (holesIn(trial).length > 0) {
			await report(index, trial);
		} else if (index % hearEvery === 0 && trial.judged.some(({refusal}) => refusal)) {
			await hear(index, trial.commands);
		}
	} catch (error) {
		console.error(`SEED=${seed} FIRST=${index}:\n${printCommands(commands)}`);
		throw error;
	}
}

/** Twice: a busy machine may be late once. */
async function hear(index: number, commands: readonly Command[]): Promise<void> {
	for (let tries = 0; tries < 2; tries++) {
		// Ports of a bridge with STP need some seconds before all is as without rules.
		const undone = await live.agree(await readVerdict(), hearLimit);
		const {result: done} = await underRules(commands, lab, async () =>
			live.agree(await readVerdict(), hearLimit),
		);
		if (undone !== undefined && done !== undefined) {
			heard.push(undone, done);

			return;
		}
	}
	await keep(index, {
		commands,
		proof: [`the daemon has not heard within ${hearLimit} ms of this, or of its end`],
	});
}

async function report(index: number, trial: Parameters<typeof confirmHole>[0]): Promise<void> {
	const hole = await confirmHole(trial, lab);
	if (!hole) {
		console.log(`SEED=${seed} FIRST=${index}: not seen again`);

		return;
	}
	await keep(index, hole);
}

async function keep(index: number, hole: Hole): Promise<void> {
	const kind = kindOf(hole);
	const before = kinds.get(kind) ?? 0;
	kinds.set(kind, before + 1);
	if (before === 0) {
		console.log(await keepHole(hole, folder, `hole-${seed}-${index}`));
	}
}

function median(values: readonly number[]): number {
	return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}

async function checkBaseline(): Promise<void> {
	const {judged} = await tryRuleset([], lab, 250);
	for (const {a, b, refusal, bypassed} of judged) {
		if (refusal || bypassed.length > 0) {
			throw new Error(
				`without rules, ${a.port.name} and ${b.port.name}: ${refusal?.text ?? bypassed.join()}`,
			);
		}
	}
}
