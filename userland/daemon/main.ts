// SPDX-License-Identifier: MIT
import {Command, CommanderError, Option} from 'commander';
import {serve} from '../control/server.ts';
import {defaultSocket, stateFolder} from '../control/socket.ts';
import {version} from '../control/version.ts';
import {ColoopError, errorCodes} from '../errors.ts';
import {configFile, readConfig} from '../fleet/config.ts';
import {parseOutlet} from '../metrics/outlets.ts';
import {fitSocketPath} from '../socket-path.ts';
import {isControlDomain} from '../xenstore/control-domain.ts';
import {createDaemon, type Daemon, type Role, type World} from './daemon.ts';
import {createLocks, lockAll, lockToWithdraw, type Locks} from './locks.ts';
import {describe, logLevels, openLog, type Log, type LogLevel} from './log.ts';
import {serviceManager, type Manager} from './manager.ts';
import {together} from './together.ts';
import {tellWellBeing} from './well-being.ts';
import {withdraw} from './withdraw.ts';
import {systemWorld} from './world.ts';

type Options = {
	readonly role: 'host' | 'endpoint' | 'auto';
	readonly policy?: string;
	readonly fleet: string;
	readonly socket: string;
	readonly logLevel: LogLevel;
	readonly metrics: readonly string[];
	readonly withdraw?: true;
};

const examples = `Examples:
  $ coloopd                          in the foreground; in dom0 both roles, in a guest one
  $ coloopd --policy ./policy.d      with a policy of your own
  $ coloopd --withdraw               take everything back, before the package is removed
`;

/** The daemon's whole life: arguments, wiring, signals. Answers the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
	const options = parse(argv);
	if (typeof options === 'number') {
		return options;
	}
	const log = openLog(options.logLevel);
	try {
		await run(options, log);

		return 0;
	} catch (error) {
		log.error('daemon.failed', describe(error));

		return error instanceof ColoopError ? errorCodes[error.code].exit : 1;
	}
}

async function run(options: Options, log: Log): Promise<void> {
	const outlets = options.metrics.map(parseOutlet);
	fitSocketPath(options.socket, '--socket');
	const isDom0 = await isControlDomain();
	const roles = rolesOf(options.role, isDom0);
	const locks = createLocks(roles);
	await (options.withdraw
		? lockToWithdraw(locks, options.socket)
		: lockAll(locks, options.socket));
	const world = await worldOf(isDom0, options, locks, log);
	if (options.withdraw) {
		return withdraw(world, roles);
	}

	const metrics =
		outlets.length > 0 &&
		(await import('../metrics/publish.ts')).createPublisher(world, outlets, log);
	const daemon = createDaemon(metrics ? metrics.world : world, roles);
	const manager = serviceManager(process.env, error =>
		log.warn('manager.untold', describe(error)),
	);
	const stop = onSignals(daemon, manager);
	log.info('daemon.started', {version, roles, pid: process.pid});
	await together(stop, [
		daemon.run,
		signal => serve(options.socket, daemon.handle, signal, manager.ready, daemon.observe),
		signal => tellWellBeing(manager, daemon, world.clock, signal),
		...(metrics ? [(signal: AbortSignal) => metrics.run(daemon.read, signal)] : []),
	]);
	log.info('daemon.stopped');
}

/** What is returned aborts when we are told to end. */
function onSignals(daemon: Daemon, manager: Manager): AbortSignal {
	const stop = new AbortController();
	const end = () => {
		manager.stopping();
		stop.abort();
	};
	process.once('SIGTERM', end).once('SIGINT', end);
	process.on('SIGHUP', () => {
		manager.reloading();
		void daemon.reload().finally(manager.ready);
	});

	return stop.signal;
}

async function worldOf(
	isDom0: boolean,
	{policy, fleet, socket}: Options,
	locks: Locks,
	log: Log,
): Promise<World> {
	const world = await systemWorld({
		...{isDom0, policyDir: policy, stateFolder: stateFolder(socket), log},
		fleet: await readConfig(fleet).catch(misused),
	});

	return {
		...world,
		/* Of a store that was not there when we started. */
		async openStore() {
			const store = await world.openStore();
			try {
				await locks.roles();
			} catch (error) {
				await store.close();
				throw error;
			}

			return store;
		},
	};
}

/** As an option that is wrong: to try again changes nothing. */
function misused({message}: Error): never {
	throw new ColoopError('USAGE', message, {hint: 'see docs/fleet.md'});
}

function rolesOf(role: Options['role'], isDom0: boolean): Role[] {
	if (role !== 'auto') {
		return [role];
	}

	return isDom0 ? ['host', 'endpoint'] : ['endpoint'];
}

const metricsHelp =
	'for Prometheus: 127.0.0.1:PORT, /PATH of a socket, or /PATH.prom, a file; again for more than one';

function parse(argv: readonly string[]): Options | number {
	try {
		return program()
			.parse([...argv], {from: 'user'})
			.opts<Options>();
	} catch (error) {
		if (error instanceof CommanderError) {
			return error.exitCode === 0 ? 0 : 2;
		}
		throw error;
	}
}

/** Its options, of which the manual is made too. */
export function program(): Command {
	return new Command('coloopd')
		.description('Tells the coloop module which domains of this Xen host are peers')
		.version(version)
		.addHelpText('before', examples)
		.addOption(
			new Option('-r, --role <role>', 'auto: both in dom0, endpoint in a guest')
				.choices(['host', 'endpoint', 'auto'])
				.default('auto'),
		)
		.option('-p, --policy <directory>', 'where the policy files are')
		.option('--fleet <file>', 'which etcd has policy of ours too', configFile)
		.option('-s, --socket <path>', 'where coloop finds us', defaultSocket)
		.option('-m, --metrics <where>', metricsHelp, (where, all: string[]) => [...all, where], [])
		.option('-f, --foreground', 'as always: stay in the foreground')
		.option('-w, --withdraw', 'remove all we wrote to XenStore and all peers, and exit')
		.addOption(
			new Option('-l, --log-level <level>', 'what to log').choices(logLevels).default('info'),
		)
		.configureOutput({
			outputError: (text, write) => write(text.replace(/^error: /, 'coloopd: ')),
		})
		.showHelpAfterError('  coloopd --help says what there is')
		.exitOverride();
}
