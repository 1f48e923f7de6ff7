// SPDX-License-Identifier: MIT
import type {Command} from 'commander';
import type {Status, Want} from '../control/protocol.ts';
import {version} from '../control/version.ts';
import {ColoopError} from '../errors.ts';
import {namesOf, type Console, type Shell} from './command.ts';
import {suggest} from './suggest.ts';

/** `list`, which is what `coloop` alone means, `show`, `version`. */
export function addShowing(shell: Shell): void {
	addList(shell);
	addShow(shell);
	addVersion(shell);
}

function addList(shell: Shell): void {
	const {program, console} = shell;
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
			const status = await readStatus(shell, {
				peers: options.json ? 'all' : 'unless-pairs',
				pairs: options.all ? 'all' : 'some',
			});
			await print(console, status, options.json && [], ({list}) =>
				list(status, options.brief ? 'brief' : 'text', console.now()),
			);
		});
}

function addShow(shell: Shell): void {
	const {program, console} = shell;
	program
		.command('show')
		.arguments('[peer] [other]')
		.description('everything about one peer, or one pair, by name or domid; or about all')
		.option('-j, --json', 'the same, for programs')
		.action(
			async (peer: string | undefined, other: string | undefined, options: {json?: true}) => {
				const names = namesOf(peer, other);
				const status = await readStatus(shell, {peers: 'all', pairs: 'some', names});
				await print(console, status, options.json && names, ({show}) =>
					show(status, names, console.now()),
				);
			},
		);
}

function addVersion(shell: Shell): void {
	const {program, console} = shell;
	program
		.command('version')
		.description('of the command, the daemon and the module')
		.action(async () => {
			console.out(`coloop ${version}`);
			const status = await readStatus(shell, {peers: 'none', pairs: 'none'});
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

async function readStatus(shell: Shell, want: Want): Promise<Status> {
	const {readStatus} = await import('./read-status.ts');

	return readStatus(shell, want);
}
