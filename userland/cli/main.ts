// SPDX-License-Identifier: MIT
import {Command, CommanderError, InvalidArgumentError} from 'commander';
import type {Status, Want} from '../control/protocol.ts';
import {defaultSocket} from '../control/socket.ts';
import {version} from '../control/version.ts';
import {ColoopError, errorCodes} from '../errors.ts';
import {printable} from '../names.ts';
import {suggest} from './suggest.ts';

/** Where a command's words go, data to `out`, everything else to `err`; `now`: Unix seconds. */
type Console = {out(line: string): void; err(line: string): void; now(): number};

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
		const program = build(console, exit);
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

type Exit = {status: number};

function build(console: Console, exit: Exit): Command {
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
	addShowing(program, console, exit);
	addSwitching(program, console);
	addPolicy(program, console, exit);

	return program;
}

function addShowing(program: Command, console: Console, exit: Exit): void {
	program
		.command('list', {isDefault: true})
		.description('one line a peer; in dom0 the pairs of the host that matter most')
		.option('-a, --all', 'every pair, also the refused ones')
		.option('-j, --json', 'everything, for programs')
		.option('-b, --brief', 'name, domid, state and why (also -br)')
		.allowExcessArguments()
		.action(async (options: {all?: true; json?: true; brief?: true}, {args}: Command) => {
			if (args[0] !== undefined) {
				throw unknownCommand(args[0], program);
			}
			const status = await told(program, console, exit, {
				peers: options.json ? 'all' : 'unless-pairs',
				pairs: options.all ? 'all' : 'some',
			});
			await print(console, status, options.json && [], ({list}) =>
				list(status, options.brief ? 'brief' : 'text', console.now()),
			);
		});
	program
		.command('show')
		.arguments('[peer] [other]')
		.description('everything about one peer, or one pair, by name or domid; or about all')
		.option('-j, --json', 'the same, for programs')
		.action(
			async (peer: string | undefined, other: string | undefined, options: {json?: true}) => {
				const names = [peer ?? [], other ?? []].flat();
				const want: Want = {peers: 'all', pairs: 'some', names};
				const status = await told(program, console, exit, want);
				await print(console, status, options.json && names, ({show}) =>
					show(status, names, console.now()),
				);
			},
		);
	program
		.command('version')
		.description('of the command, the daemon and the module')
		.action(async () => {
			console.out(`coloop ${version}`);
			const status = await told(program, console, exit, {peers: 'none', pairs: 'none'});
			console.out(`coloopd ${status.version}`);
			if (status.module) {
				console.out(`module ${status.module.version}`);
			}
		});
}

type Printer = typeof import('./list.ts');

async function print(
	{out}: Console,
	status: Status,
	ofWhom: readonly string[] | undefined,
	lines: (printer: Printer) => string[],
): Promise<void> {
	if (ofWhom) {
		const {json} = await import('./json.ts');
		out(json(status, ofWhom));
	} else {
		lines(await import('./list.ts')).forEach(out);
	}
}

/* `list` is what we do without a command, so a wrong one ends up there. */
function unknownCommand(word: string, program: Command): ColoopError {
	const known = program.commands.map(command => command.name());
	if (known.includes(word)) {
		return new ColoopError('USAGE', `options of ${word} come after it`, {
			hint: `coloop ${word} --help`,
		});
	}
	const meant = suggest(word, known);

	return new ColoopError('USAGE', `no command is called ${word}`, {
		hint: meant === undefined ? 'coloop --help' : `did you mean coloop ${meant}?`,
	});
}

/** What is wrong is said beside the data, never instead of it. */
async function told(program: Command, {err}: Console, exit: Exit, want: Want): Promise<Status> {
	const {statusFor} = await import('./ask.ts');
	const status = await statusFor(socketOf(program), want);
	for (const problem of status.problems) {
		err(`coloop: ${problem}`);
	}
	for (const problem of status.policy_errors) {
		err(`coloop: policy: ${problem}`);
	}
	const warnings = status.policy_warnings?.length ?? 0;
	if (warnings > 0 && status.policy_directory !== null) {
		const count = warnings === 1 ? 'a warning' : `${warnings} warnings`;
		err(`coloop: policy: ${count}, see coloop policy lint ${status.policy_directory}`);
	}
	/* The host role does without it. */
	if (status.module_loaded === false && !status.pairs && !status.roles.includes('host')) {
		err('coloop: the coloop module is not loaded\n  modprobe coloop');
		exit.status = errorCodes.NO_MODULE.exit;
	}

	return status;
}

function addSwitching(program: Command, console: Console): void {
	program
		.command('up')
		.arguments('<peer> [other]')
		.description('open a channel now; in dom0 two names let a held pair come up')
		.option('-t, --timeout <seconds>', 'how long to wait for it', parseSeconds, 10)
		.action(async (peer: string, other: string | undefined, options: {timeout: number}) => {
			const {up} = await import('./switch.ts');
			console.out(await up(socketOf(program), names(peer, other), options.timeout));
		});
	program
		.command('down')
		.arguments('<peer> [other]')
		.description('end a channel and keep it down until `coloop up`')
		.action(async (peer: string, other: string | undefined) => {
			const {down} = await import('./switch.ts');
			console.out(await down(socketOf(program), names(peer, other)));
		});
}

function addPolicy(program: Command, console: Console, exit: Exit): void {
	const policy = program.command('policy').description('check, try and reload policy files');
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
	policy
		.command('test')
		.arguments('<a> [b]')
		.description(
			'which rule decides for a pair of the host; with one name, whether we accept it; exits with 1 for deny',
		)
		.option('-d, --directory <path>', 'the policy to read instead of the installed one')
		.action(async (a: string, b: string | undefined, options: {directory?: string}) => {
			const {nameAll, test} = await import('./policy.ts');
			const meant = await nameAll(socketOf(program), names(a, b));
			const {isAllowed, line} = await test(options.directory, meant);
			console.out(line);
			if (!isAllowed) {
				exit.status = denied;
			}
		});
	policy
		.command('reload')
		.description('read the files again now')
		.action(async () => {
			const {ask} = await import('../control/client.ts');
			const status = await ask(socketOf(program), {op: 'reload'});
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

function names(first: string, second: string | undefined): string[] {
	return second === undefined ? [first] : [first, second];
}

function parseSeconds(text: string): number {
	const seconds = Number(text);
	if (Number.isFinite(seconds) && seconds >= 0) {
		return seconds;
	}
	throw new InvalidArgumentError(`expected seconds, got ${text}`);
}

function socketOf(program: Command): string {
	return String(program.getOptionValue('socket'));
}
