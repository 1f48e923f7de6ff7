// SPDX-License-Identifier: MIT
import {mkdir, writeFile} from 'node:fs/promises';
import {printCommands, type Command} from './command.ts';
import {minimize} from './minimize.ts';
import {holesIn, tryRuleset, type Lab, type Trial} from './trial.ts';

export type Hole = {
	/** The fewest commands that show it. */
	readonly commands: readonly Command[];
	/** What was lost there, a line each. */
	readonly proof: readonly string[];
};

/** Long enough for a frame that waits for its turn on a busy machine. */
const patience = 250;

/** Looks again, with more patience, twice: undefined where it was the machine that was late. */
export async function confirmHole(trial: Trial, lab: Lab): Promise<Hole | undefined> {
	const isHole = async (commands: readonly Command[]) =>
		holesIn(await tryRuleset(commands, lab, patience)).length > 0;
	if (!(await isHole(trial.commands)) || !(await isHole(trial.commands))) {
		return undefined;
	}
	const commands = await minimize(trial.commands, isHole);
	const last = await tryRuleset(commands, lab, patience);

	return {commands: last.commands, proof: holesIn(last).flatMap(describe)};
}

function describe({a, b, bypassed}: Trial['judged'][number]): string[] {
	return [
		`${a.port.name} and ${b.port.name}: nothing would be bypassed, says the product; but`,
		...bypassed.slice(0, 6).map(line => `  ${line}`),
		...(bypassed.length > 6 ? [`  and ${bypassed.length - 6} more`] : []),
	];
}

/** As a script, whose comments are the proof. Returns its text. */
export async function keepHole(hole: Hole, folder: string, name: string): Promise<string> {
	const script = [
		'#!/bin/sh',
		`# ${name}`,
		...hole.proof.map(line => `# ${line}`),
		printCommands(hole.commands),
	].join('\n');
	await mkdir(folder, {recursive: true});
	await writeFile(`${folder}/${name}.sh`, script, {mode: 0o755});

	return script;
}

/** Holes that differ in names and values alone are of one kind. */
export function kindOf({commands}: Hole): string {
	return printCommands(commands)
		.replace(/\b(base|sub|t|set|map)\d+|vif\d\.0|priority -?\d+/g, '_')
		.replace(/[0-9a-f]+(:[0-9a-f]*)+|\d+/g, '_');
}
