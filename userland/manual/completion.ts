// SPDX-License-Identifier: MIT
import type {Command} from 'commander';
import {bashCompletion} from './bash.ts';
import {fishCompletion} from './fish.ts';
import {describeProgram} from './program.ts';
import {zshCompletion} from './zsh.ts';

const writers = {bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion};

/** The script that lets a shell complete the words of a program. */
export function completionFor(shell: keyof typeof writers, program: Command): string {
	return writers[shell](describeProgram(program));
}
