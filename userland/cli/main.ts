// SPDX-License-Identifier: MIT
import {Command, CommanderError} from 'commander';
import {defaultSocket} from '../control/socket.ts';
import {version} from '../control/version.ts';
import {ColoopError, errorCodes} from '../errors.ts';
import {printable} from '../names.ts';
import type {Console, Shell} from './command.ts';
import {groups} from './commands.ts';

const examples = `Examples:
  $ coloop                      who our peers are, and which of them have a channel
  $ coloop show db-1            everything about one peer
  $ coloop policy lint *.yaml   check policy files before they are used
`;

/** Runs one command line and answers the exit status. Nothing is imported before it is needed. */
export async function main(argv: readonly string[], terminal: Console): Promise<number> {
	/* Names are people's and guests', and stand in whatever we say. */
	const safe = (text: string) => text.split('\n').map(printable).join('\n');
	const console: Console = {
		...terminal,
		out: text => terminal.out(safe(text)),
		err: text => terminal.err(safe(text)),
	};
	const exit = {status: 0};
	try {
		const program = programOf({console, exit, raw: terminal.out});
		await program.parseAsync(
			argv.map(word => (word === '-br' ? '--brief' : word)),
			{from: 'user'},
		);

		return exit.status;
	} catch (error) {
		return fail(error, console);
	}
}

function fail(error: unknown, {err}: Console): number {
	if (error instanceof CommanderError) {
		return error.exitCode === 0 ? 0 : 2;
	}
	if (!(error instanceof ColoopError)) {
		err(`coloop: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);

		return 1;
	}
	err(`coloop: ${error.message}`);
	if (error.hint !== undefined) {
		err(`  ${error.hint}`);
	}

	return errorCodes[error.code].exit;
}

/** The program with all its commands; also what manual and completion are made of. */
export function programOf({console, exit, raw}: Pick<Shell, 'console' | 'exit' | 'raw'>): Command {
	const program = new Command('coloop')
		.description('A shared-memory network path between guests of one Xen host')
		.addHelpText('before', examples)
		.option('-s, --socket <path>', "the daemon's socket", defaultSocket)
		.version(`coloop ${version}`, '-V, --version', 'of this command; see also `coloop version`')
		.exitOverride()
		.configureOutput({
			writeOut: text => console.out(text.trimEnd()),
			writeErr: text => console.err(text.trimEnd()),
			outputError: (text, write) => write(text.replace(/^error: /, 'coloop: ')),
		})
		.showHelpAfterError('  coloop --help says what there is');
	const socket = () => String(program.getOptionValue('socket'));
	for (const add of groups) {
		add({program, console, exit, raw, socket});
	}

	return program;
}
