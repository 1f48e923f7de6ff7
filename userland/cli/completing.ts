// SPDX-License-Identifier: MIT
import {Argument} from 'commander';
import type {Shell} from './command.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `completion`. */
export function addCompletion({program, raw}: Shell): void {
	program
		.command('completion')
		.addArgument(new Argument('<shell>', 'whose script').choices(shells))
		.description('what lets a shell complete our words: source <(coloop completion bash)')
		.action(async (shell: (typeof shells)[number]) => {
			const {completionFor} = await import('../manual/completion.ts');
			raw(completionFor(shell, program).trimEnd());
		});
}
