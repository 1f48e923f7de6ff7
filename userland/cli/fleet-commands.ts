// SPDX-License-Identifier: MIT
import type {Command} from 'commander';
import {errorCodes} from '../errors.ts';
import type {FleetConfig} from '../fleet/config.ts';
import type {Exchange, Terms} from '../fleet/exchange.ts';
import type {Shell} from './command.ts';

/** `fleet`: policy that an etcd has for many hosts. */
export function addFleet(shell: Shell): void {
	const fleet = shell.program
		.command('fleet')
		.description(
			'policy that an etcd has for many hosts: check, fetch, put it, see who has it',
		);
	addStatus(fleet, shell);
	addLint(fleet, shell);
	addGet(fleet, shell);
	addDiff(fleet, shell);
	addPut(fleet, shell);
}

const json = ['-j, --json', 'the same, for programs'] as const;
const configuration = [
	'-c, --config <file>',
	'which etcd, instead of /etc/coloop/fleet.yaml',
] as const;
const directory = ['<directory>', 'with the documents, as files'] as const;

type Options = Terms & {
	readonly config?: string;
	readonly json?: true;
	readonly hosts?: string;
	readonly dryRun?: true;
};

function addStatus(fleet: Command, {console, exit, socket}: Shell): void {
	fleet
		.command('status')
		.description(
			'what this host has of it, and from whom; exits with 1 where that is not in force',
		)
		.option(...json)
		.action(async (options: Options) => {
			const {statusFor} = await import('./ask.ts');
			const {fleet: state} = await statusFor(socket(), {peers: 'none', pairs: 'none'});
			if (options.json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson({fleet: state ?? null}));
			} else {
				const {fleetBlock} = await import('./fleet-text.ts');
				fleetBlock(state, console.now()).forEach(console.out);
			}
			if (state && !state.in_force) {
				exit.status = errorCodes.POLICY.exit;
			}
		});
}

function addLint(fleet: Command, {console, exit}: Shell): void {
	fleet
		.command('lint')
		.argument(...directory)
		.description(
			'what hosts would say of a directory of documents; needs neither host nor etcd, and asks not whose the files are',
		)
		.option('--hosts <file>', 'an inventory: names that no domain in it has are warned of')
		.option(...json)
		.action(async (dir: string, options: Options) => {
			const [{readCheckout}, {loadCheckout, readInventory}] = await Promise.all([
				import('../fleet/checkout.ts'),
				import('../fleet/lint.ts'),
			]);
			const present =
				options.hosts === undefined ? undefined : await readInventory(options.hosts);
			const {errors, warnings} = await loadCheckout(await readCheckout(dir), present);
			if (options.json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson({errors: errors.flatMap(each => each.split('\n')), warnings}));
			} else {
				[...errors, ...warnings].forEach(console.err);
			}
			if (errors.length > 0) {
				exit.status = errorCodes.POLICY.exit;
			}
		});
}

function addGet(fleet: Command, {console}: Shell): void {
	fleet
		.command('get')
		.argument('<directory>', 'which then has the documents as files, and no other policy')
		.description('fetch what the fleet has')
		.option(...configuration)
		.option('--force', 'also where the directory has what the fleet has not')
		.option(...json)
		.action(async (dir: string, options: Options) => {
			const {getFleet} = await import('../fleet/exchange.ts');
			const got = await getFleet(dir, await configOf(options), options);
			if (options.json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson(got));
			} else {
				got.documents.forEach(console.out);
				console.err(`${dir}: token ${got.token}`);
			}
		});
}

function addDiff(fleet: Command, {console}: Shell): void {
	fleet
		.command('diff')
		.argument(...directory)
		.description('what the policy of the fleet would gain and lose by a put')
		.option(...configuration)
		.option(...json)
		.action(async (dir: string, options: Options) => {
			const {compareFleet} = await import('../fleet/exchange.ts');
			await tell(await compareFleet(dir, await configOf(options)), options, console);
		});
}

function addPut(fleet: Command, {console}: Shell): void {
	fleet
		.command('put')
		.argument(...directory)
		.description(
			'make the fleet have what a directory has, in one step, unless it has changed since the last get or put there',
		)
		.option(...configuration)
		.option('-n, --dry-run', 'only say what it would change')
		.option(
			'--token <token>',
			'only if the fleet has what had this, whatever the directory comes from',
		)
		.option('--force', 'whatever the fleet has, as where a repository is the truth')
		.option(...json)
		.action(async (dir: string, options: Options) => {
			const {compareFleet, putFleet} = await import('../fleet/exchange.ts');
			const config = await configOf(options);
			const exchange = options.dryRun
				? await compareFleet(dir, config)
				: await putFleet(dir, config, options);
			await tell(exchange, options, console);
		});
}

async function configOf({config: given}: Options): Promise<FleetConfig> {
	const {configFile, readConfig} = await import('../fleet/config.ts');
	const file = given ?? configFile;
	const config = await readConfig(file);
	if (config === undefined) {
		const {ColoopError} = await import('../errors.ts');
		throw new ColoopError('USAGE', `${file}: no such file, so there is no fleet`, {
			hint: 'it says which etcd: see docs/fleet.md',
		});
	}

	return config;
}

async function tell(
	exchange: Exchange,
	{json}: Options,
	{out, err}: Shell['console'],
): Promise<void> {
	const {put, remove, changes, warnings, token, next, revision} = exchange;
	if (json) {
		const {ownJson} = await import('./json.ts');
		const rows = changes.map(({sign, where, text}) => ({sign, where, text}));
		out(
			ownJson({
				...{put, remove, changes: rows, warnings, token, next},
				revision: revision ?? null,
			}),
		);

		return;
	}
	warnings.forEach(err);
	changes.forEach(({sign, where, text}) => out(`${sign} ${where}: ${text}`));
	put.forEach(name => err(`write ${name}`));
	remove.forEach(name => err(`remove ${name}`));
	err(
		put.length + remove.length === 0
			? `the fleet has just that: token ${token}`
			: `token ${token}, ${revision === undefined ? 'then' : `revision ${revision},`} ${next}`,
	);
}
