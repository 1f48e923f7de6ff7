// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {open} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {LabError, Skip} from '../errors.ts';
import {Lab} from '../lab.ts';
import {cache} from '../paths.ts';
import {picture} from '../picture.ts';
import {prompt} from '../prompt.ts';
import {ask, serve} from '../server.ts';
import {until} from '../until.ts';
import {parseArguments, type Arguments} from './arguments.ts';

const usage = `lab: real Xen with two guests, in emulation

  lab                                    prompts on dom0 and the guests, Ctrl-D ends
  lab start [--name NAME]                keep a lab open in the background
  lab run [--name NAME] MACHINE COMMAND  run a command in it (dom0, a, b, c, d)
  lab create [--name NAME] MACHINE       create guest c or d in it
  lab push [--name NAME]                 put what build/stack-N holds now into it
  lab stop [--name NAME]                 end it

  --stack 13|12|next|debug|debug-pv   --mode multi|icount   --type pv|pvh   --no-builds
`;

const verbs: Record<string, (given: Arguments, ...rest: string[]) => Promise<number>> = {
	open: interact,
	start,
	serve: keep,
	run: ({name}, machine, ...words) =>
		report(name, {verb: 'run', machine: machine ?? 'dom0', command: words.join(' ')}),
	create: ({name}, machine = 'c') => report(name, {verb: 'create', machine}),
	push: ({name}) => report(name, {verb: 'push'}),
	stop: ({name}) => report(name, {verb: 'stop'}),
};

async function interact({options}: Arguments): Promise<number> {
	let booting = true;
	const lab = await Lab.start({...options, say: line => booting && say(line)});
	booting = false;
	process.stdout.write(picture(lab.flavour));
	await prompt(lab);
	await lab.stop();

	return 0;
}

async function keep({options, name}: Arguments): Promise<number> {
	const lab = await Lab.start({...options, say});
	try {
		await serve(lab, name);
	} finally {
		await lab.stop();
	}

	return 0;
}

async function start({name, argv}: Arguments): Promise<number> {
	const file = path.join(cache, `lab-${name}.log`);
	const log = await open(file, 'w');
	const script = fileURLToPath(import.meta.url);
	const keeper = spawn(
		process.execPath,
		[script, 'serve', ...argv.filter(each => each !== 'start')],
		{
			detached: true,
			stdio: ['ignore', log.fd, log.fd],
		},
	);
	process.stderr.write(`starting lab ${name}, see ${file}\n`);
	await until(
		`lab ${name} answers`,
		async () => {
			if (keeper.exitCode !== null) {
				throw new LabError(`lab ${name} ended: see ${file}`);
			}

			return ask(name, {verb: 'ping'}).then(
				() => true,
				() => false,
			);
		},
		{timeout: 900_000, every: 300},
	);
	keeper.unref();

	return 0;
}

async function report(name: string, request: Parameters<typeof ask>[1]): Promise<number> {
	const {status, stdout, stderr} = await ask(name, request);
	process.stdout.write(stdout);
	process.stderr.write(stderr);

	return status;
}

function say(line: string): void {
	process.stderr.write(`${line}\n`);
}

function complain(error: unknown): number {
	if (!(error instanceof LabError || error instanceof Skip)) {
		throw error;
	}
	say(`lab: ${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}`);

	return error instanceof Skip ? 2 : 1;
}

const given = parseArguments(process.argv.slice(2));
const [verb = 'open', ...rest] = given.rest;
const action = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
if (!action) {
	process.stderr.write(usage);
}
process.exitCode = action ? await action(given, ...rest).catch(complain) : 2;
