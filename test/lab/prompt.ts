// SPDX-License-Identifier: MIT
import process from 'node:process';
import readline from 'node:readline';
import type {Background} from './guest.ts';
import type {Lab} from './lab.ts';
import {parseCommand} from './bin/arguments.ts';

/** A person's shell on dom0 and the guests: `@a` goes there, `b: ls` looks in, Ctrl-D ends. */
export async function prompt(lab: Lab): Promise<void> {
	const lines = readline.createInterface({input: process.stdin, output: process.stdout});
	let here = 'dom0';
	let running: Background | undefined;

	const show = () => {
		lines.setPrompt(`${here}$ `);
		lines.prompt();
	};
	lines.on('SIGINT', () => (running ? void running.stop('SIGINT') : show()));
	show();
	for await (const line of lines) {
		const at = /^@(dom0|[a-h])$/.exec(line.trim());
		if (at?.[1] !== undefined) {
			here = at[1];
		} else if (line.trim() !== '') {
			const {machine, command} = parseCommand(line, here);
			running = lab.get(machine).spawn(command, {
				stdout: chunk => process.stdout.write(chunk),
				stderr: chunk => process.stderr.write(chunk),
			});
			await running.done.then(
				({status}) => status && process.stdout.write(`[status ${status}]\n`),
				error => process.stdout.write(`${String(error)}\n`),
			);
			running = undefined;
		}
		show();
	}
	process.stdout.write('\n');
}
