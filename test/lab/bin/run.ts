// SPDX-License-Identifier: MIT
// run.js [--stack N] [--mode icount] [--type pvh] [--no-builds] 'dom0: cmd' 'a: cmd' ...
// Restores a lab, runs commands in it one after the other, prints what they said.
import process from 'node:process';
import {parseArguments, parseCommand} from './arguments.ts';
import {Lab} from '../lab.ts';

const {options, rest} = parseArguments(process.argv.slice(2));
const lab = await Lab.start({...options, say: line => process.stderr.write(`${line}\n`)});
process.stderr.write(`lab up in ${lab.restoreMs} ms\n`);
let status = 0;
try {
	for (const {machine, command} of rest.map(text => parseCommand(text))) {
		const result = await lab.get(machine).run(command, {fails: 'maybe', timeout: 600_000});
		process.stdout.write(result.stdout);
		process.stderr.write(result.stderr);
		status ||= result.status;
	}
} finally {
	await lab.stop();
}
process.exit(status);
