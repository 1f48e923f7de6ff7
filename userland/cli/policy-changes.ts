// SPDX-License-Identifier: MIT
import type {Command} from 'commander';
import type {Console, Shell} from './command.ts';
import type {Outcome} from './policy-apply.ts';

/** `policy diff`, `apply`, `edit`. */
export function addPolicyChanges(policy: Command, {console}: Shell): void {
	addDiff(policy, console);
	addApply(policy, console);
	addEdit(policy, console);
}

type Options = {
	readonly as?: string;
	readonly directory?: string;
	readonly json?: true;
	readonly dryRun?: true;
	readonly token?: string;
};

const source = ['<path>', 'a policy file, or - for standard input'] as const;
const as = [
	'--as <name>',
	'the name that it is installed under; else its own, or 30-user.yaml',
] as const;
const directory = [
	'-d, --directory <path>',
	'where it is installed instead of /etc/coloop/policy.d',
] as const;
const json = ['-j, --json', 'the same, for programs'] as const;

function addDiff(policy: Command, console: Console): void {
	policy
		.command('diff')
		.argument(...source)
		.description(
			'what the policy would gain and lose if a file were installed, checked as if it were',
		)
		.option(...as)
		.option(...directory)
		.option(...json)
		.action(async (path: string, options: Options) => {
			const {propose, readProposal} = await import('./policy-apply.ts');
			tell(await propose(await readProposal(path, namesOf(options))), options, console);
		});
}

function addApply(policy: Command, console: Console): void {
	policy
		.command('apply')
		.argument(...source)
		.description('install a file in one step, if the policy is sound with it')
		.option(...as)
		.option(...directory)
		.option('-n, --dry-run', 'only say what it would change')
		.option('--token <token>', 'only if nobody changed the policy since diff or show gave this')
		.option(...json)
		.action(async (path: string, options: Options) => {
			const {install, propose, readProposal} = await import('./policy-apply.ts');
			const proposal = await readProposal(path, namesOf(options));
			const outcome = options.dryRun
				? await propose(proposal, options.token)
				: await install(proposal, options.token);
			tell(outcome, options, console);
		});
}

function addEdit(policy: Command, console: Console): void {
	policy
		.command('edit')
		.argument('[name]', 'of the file', '30-user.yaml')
		.description(
			'edit a file of the policy ($VISUAL, $EDITOR), and install it if the policy is sound with it',
		)
		.option(...directory)
		.action(async (name: string, options: Options) => {
			const {siteDirectory} = await import('./policy-apply.ts');
			const {edit} = await import('./policy-edit.ts');
			const {VISUAL, EDITOR} = process.env;
			const outcome = await edit({
				directory: options.directory ?? siteDirectory,
				name,
				ask: process.stdin.isTTY ? message => askAgain(message, console) : undefined,
				editor: VISUAL || EDITOR || 'vi',
			});
			if (outcome) {
				tell(outcome, options, console);
			} else {
				console.err('coloop: nothing was changed');
			}
		});
}

async function askAgain(message: string, console: Console): Promise<boolean> {
	const {createInterface} = await import('node:readline/promises');
	console.err(message);
	const terminal = createInterface({input: process.stdin, output: process.stderr});
	try {
		return !/^n/i.test(await terminal.question('Edit again? [Y/n] '));
	} finally {
		terminal.close();
	}
}

function namesOf({as: name, directory: place}: Options) {
	return {
		...(name !== undefined && {name}),
		...(place !== undefined && {directory: place}),
	};
}

function tell(outcome: Outcome, options: Options, console: Console): void {
	const {changes, warnings, token, path} = outcome;
	const lines = changes.map(({sign, where, text, rule}) => {
		const at = rule ? ` (${rule.source.file}:${rule.source.line}:${rule.source.column})` : '';

		return `${sign} ${where}: ${text}${at}`;
	});
	if (options.json) {
		const rows = changes.map(({sign, where, text, rule}) => ({
			...{sign, where, text},
			rule: rule ? `${rule.source.file}:${rule.source.line}:${rule.source.column}` : null,
		}));
		console.out(JSON.stringify({path, token, changes: rows, warnings}, undefined, 2));

		return;
	}
	warnings.forEach(console.err);
	lines.forEach(console.out);
	console.err(changes.length === 0 ? `${path}: no rule changes` : `${path}: token ${token}`);
}
