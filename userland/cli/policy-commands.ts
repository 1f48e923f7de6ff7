// SPDX-License-Identifier: MIT
import type {Command} from 'commander';
import {ColoopError, errorCodes} from '../errors.ts';
import {namesOf, type Shell} from './command.ts';
import {addPolicyChanges} from './policy-changes.ts';

/** Everything about policy: what reads it here, what writes it in policy-changes.ts. */
export function addPolicy(shell: Shell): void {
	const policy = shell.program
		.command('policy')
		.description('check, try, show and change policy files');
	addLint(policy, shell);
	addTest(policy, shell);
	addShow(policy, shell);
	addPolicyChanges(policy, shell);
	addGraph(policy, shell);
	addSuggest(policy, shell);
	addReload(policy, shell);
}

const json = ['-j, --json', 'the same, for programs'] as const;
const directory = [
	'-d, --directory <path>',
	'the policy to read instead of the installed one',
] as const;

type About = {
	readonly proto?: string;
	readonly port?: string;
	readonly from?: string;
	readonly to?: string;
};

/** Undefined where nothing of a packet is said. Throws USAGE. */
async function packetFrom({proto, port, from, to}: About) {
	if ([proto, port, from, to].every(each => each === undefined)) {
		return undefined;
	}
	const {parsePacket} = await import('../policy/packet.ts');
	const packet = parsePacket({proto, port, from, to});
	if (typeof packet === 'string') {
		throw new ColoopError('USAGE', `expected ${packet}`);
	}

	return packet;
}

type Reading = {readonly directory?: string; readonly json?: true};

function addLint(policy: Command, {console, exit, socket}: Shell): void {
	policy
		.command('lint')
		.argument('<path...>', 'files, directories, or - for standard input')
		.description('say what is wrong with policy, and what is surely not meant')
		.option(...json)
		.action(async (paths: string[], options: Reading) => {
			const {domainsHere, lint} = await import('./lint.ts');
			const present = await domainsHere(socket());
			const {errors, warnings} = await lint(paths, {present});
			if (options.json) {
				console.out(toJson({errors: errors.flatMap(linesOf), warnings}));
			} else {
				[...errors, ...warnings].forEach(console.err);
			}
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
			'which rule decides for a pair of the host, and what else does; with one name, whether we accept it; exits with 1 for deny, or where the packets asked about take the ordinary path',
		)
		.option(
			'--proto <protocol>',
			'of packets of this protocol: tcp, udp, icmp, ... or a number',
		)
		.option('--port <port>', 'to this port')
		.option('--from <address>', 'from this address or prefix')
		.option('--to <address>', 'to this address or prefix')
		.option(...directory)
		.option(...json)
		.action(async (a: string, b: string | undefined, options: Reading & About) => {
			const {test, testLines} = await import('./policy.ts');
			const question = {names: namesOf(a, b), packet: await packetFrom(options)};
			const {directory} = options;
			const report = await test({...question, directory, socket: socket()});
			(options.json ? [toJson(report)] : testLines(report)).forEach(console.out);
			if (report.verdict === 'deny' || report.diverted === 'no') {
				exit.status = denied;
			}
		});
}

function addShow(policy: Command, {console, socket}: Shell): void {
	policy
		.command('show')
		.description('what is in force, as one file, each rule with where it stands')
		.option('--effective', 'of all files together, which is all that there is to show')
		.option(...directory)
		.option(...json)
		.action(async (options: Reading) => {
			const {readPolicy} = await import('./policy-read.ts');
			const {effectiveJson, effectiveText} = await import('./policy-show.ts');
			const {fleetOf, fleetText} = await import('./fleet-text.ts');
			const loaded = await readPolicy(options.directory);
			const fleet = options.directory === undefined ? await fleetOf(socket()) : undefined;
			console.out(
				options.json
					? toJson({...(await effectiveJson(loaded)), fleet: fleet ?? null})
					: await effectiveText(loaded, fleet && fleetText(fleet, console.now())),
			);
		});
}

function addGraph(policy: Command, {console}: Shell): void {
	policy
		.command('graph')
		.description("the rules for pairs as a graph, in Graphviz' language (DOT)")
		.option('--svg', 'drawn, where Graphviz (dot) is installed')
		.option(...directory)
		.option(...json)
		.action(async (options: Reading & {svg?: true}) => {
			const {readPolicy} = await import('./policy-read.ts');
			const {dotOf, graphOf, svgOf} = await import('./policy-graph.ts');
			const graph = graphOf((await readPolicy(options.directory)).policy);
			if (options.json) {
				console.out(toJson(graph));
			} else {
				console.out(options.svg ? (await svgOf(graph)).trimEnd() : dotOf(graph));
			}
		});
}

function addSuggest(policy: Command, shell: Shell): void {
	policy
		.command('suggest')
		.description('rules for what `mode: audit` has seen, the busiest first')
		.option(...json)
		.action(async (options: Reading) => {
			const {readStatus} = await import('./read-status.ts');
			const {suggestedPolicy, suggestionsFrom} = await import('./policy-suggest.ts');
			const {loadPolicy} = await import('../policy/load.ts');
			const status = await readStatus(shell, {peers: 'all', pairs: 'all'});
			const suggestions = suggestionsFrom(status, (await loadPolicy()).policy);
			if (suggestions.length === 0 && !options.json) {
				shell.console.err('coloop: nothing that mode: audit keeps off a channel was seen');
			}
			shell.console.out(options.json ? toJson(suggestions) : suggestedPolicy(suggestions));
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

function toJson(value: unknown): string {
	return JSON.stringify(value, undefined, 2);
}

function linesOf(text: string): string[] {
	return text.split('\n');
}

/** Of `policy test`; a policy that is broken allows nothing either. */
const denied = errorCodes.POLICY.exit;
