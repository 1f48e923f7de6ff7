// SPDX-License-Identifier: MIT
import {parseArgs} from 'node:util';
import type {GuestType} from '../guest-config.ts';
import {modes, oneOf, stackFromEnvironment, stacks, usualMode, usualType} from '../images.ts';
import type {LabOptions} from '../lab.ts';

export type MachineCommand = {readonly machine: string; readonly command: string};

export type Arguments = {
	readonly options: LabOptions;
	readonly name: string;
	readonly rest: readonly string[];
	/** As they were given. */
	readonly argv: readonly string[];
};

const types: Record<string, GuestType> = {pv: 'pv', pvh: 'pvh'};

/** The flags that every entry of the lab shares, and what is left. */
export function parseArguments(argv: string[]): Arguments {
	const {values, positionals} = parseArgs({
		args: argv,
		allowPositionals: true,
		options: {
			stack: {type: 'string', default: stackFromEnvironment()},
			mode: {type: 'string'},
			type: {type: 'string'},
			name: {type: 'string', default: 'default'},
			'no-builds': {type: 'boolean', default: false},
		},
	});
	const stack = oneOf('--stack', stacks, values.stack);

	return {
		options: {
			stack,
			mode: oneOf('--mode', modes, values.mode ?? usualMode(stack)),
			type: oneOf('--type', types, values.type ?? usualType(stack)),
			builds: !values['no-builds'],
		},
		name: values.name,
		rest: positionals,
		argv,
	};
}

/** `a: ls` names a machine; without a name it is dom0. */
export function parseCommand(text: string, fallback = 'dom0'): MachineCommand {
	const match = /^(dom0|[a-h]):\s*(.*)$/s.exec(text);
	const [, machine = fallback, command = text] = match ?? [];

	return {machine, command};
}
