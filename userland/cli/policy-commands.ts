// SPDX-License-Identifier: MIT
import type {Command} from 'commander';
import {errorCodes} from '../errors.ts';
import {namesOf, type Shell} from './command.ts';

/** `policy lint`, `test`, `reload`. */
export function addPolicy(shell: Shell): void {
	const policy = shell.program
		.command('policy')
		.description('check, try and reload policy files');
	addLint(policy, shell);
	addTest(policy, shell);
	addReload(policy, shell);
}

function addLint(policy: Command, {console, exit}: Shell): void {
	policy
		.command('lint')
		.argument('<path...>', 'files, directories, or - for standard input')
		.description('say what is wrong with policy, and what is surely not meant')
		.action(async (paths: string[]) => {
			const {lint} = await import('./lint.ts');
			const {errors, warnings} = await lint(paths);
			[...errors, ...warnings].forEach(console.err);
			if (errors.length > 0) {
				exit.status = errorCodes.POLICY.exit;
			}
		});
}

function addTest(policy: Command, {console, exit, socket}: Shell): void {
	policy
		.command('test')
		.arguments('<a> [b]')
		.description(
			'which rule decides for a pair of the host; with one name, whether we accept it; exits with 1 for deny',
		)
		.option('-d, --directory <path>', 'the policy to read instead of the installed one')
		.action(async (a: string, b: string | undefined, options: {directory?: string}) => {
			const {nameAll, test} = await import('./policy.ts');
			const meant = await nameAll(socket(), namesOf(a, b));
			const {isAllowed, line} = await test(options.directory, meant);
			console.out(line);
			if (!isAllowed) {
				exit.status = denied;
			}
		});
}

function addReload(policy: Command, {console, exit, socket}: Shell): void {
	policy
		.command('reload')
		.description('read the files again now')
		.action(async () => {
			const {ask} = await import('../control/client.ts');
			const status = await ask(socket(), {op: 'reload'});
			const errors = status?.policy_errors ?? [];
			[...errors, ...(status?.policy_warnings ?? [])].forEach(console.err);
			if (errors.length > 0) {
				exit.status = errorCodes.POLICY.exit;
			} else {
				const from = status?.policy_directory ?? 'nowhere: no directory';
				console.out(`policy read from ${from}`);
			}
		});
}

/** Of `policy test`; a policy that is broken allows nothing either. */
const denied = errorCodes.POLICY.exit;
