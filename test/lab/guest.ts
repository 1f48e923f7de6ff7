// SPDX-License-Identifier: MIT
import os from 'node:os';
import type {Agent, Command} from './agent.ts';
import {patience} from './until.ts';
import {CommandError, CrashError, LabError} from './errors.ts';

export type Result = {readonly status: number; readonly stdout: string; readonly stderr: string};

export type RunOptions = {
	/** Whether a status other than 0 is what the test wants; `'maybe'`: either. */
	readonly fails?: boolean | 'maybe';
	/** Milliseconds of the host until the command is killed and the test fails. */
	readonly timeout?: number;
	readonly input?: string | Uint8Array;
	/** Not a line of the test's transcript. */
	readonly silent?: boolean;
};

/** A program that goes on while the test does other things. */
export type Background = {
	/** What it wrote until now. */
	readonly stdout: () => string;
	readonly stderr: () => string;
	/** Resolves when it ends, however it ends. */
	readonly done: Promise<Result>;
	readonly stop: (signal?: NodeJS.Signals) => Promise<Result>;
	/** More of its input, where that was left `open`. */
	readonly write: (input: string) => void;
};

export type SpawnOptions = {
	readonly input?: string | Uint8Array;
	/** The input does not end here: more is written later. */
	readonly open?: boolean;
	readonly silent?: boolean;
	/** Called with each piece of output as it comes. */
	readonly stdout?: (chunk: Buffer) => void;
	readonly stderr?: (chunk: Buffer) => void;
};

/** The verbs over one machine: dom0 or a guest. */
export class Guest {
	readonly name: string;
	readonly #address: string;
	readonly #agent: Agent;
	readonly #say: (line: string) => void;

	constructor(name: string, address: string, agent: Agent, say: (line: string) => void) {
		this.name = name;
		this.#address = address;
		this.#agent = agent;
		this.#say = say;
	}

	async run(command: string, options: RunOptions = {}): Promise<Result> {
		const {fails = false, timeout = 60_000} = options;
		const {done, kill} = this.#start(command, options);
		const result = await withDeadline(done, timeout * patience, () => kill('SIGKILL'));

		if (result && (fails === 'maybe' || fails === (result.status !== 0))) {
			return result;
		}
		throw new CommandError(complaint(`${this.name}$ ${command}`, result, timeout));
	}

	spawn(command: string, options: SpawnOptions = {}): Background {
		const {kill, ...rest} = this.#start(command, options);

		return {
			...rest,
			stop: (signal = 'SIGTERM') => {
				kill(signal);

				return rest.done;
			},
		};
	}

	/** What a command prints as JSON, for the caller to parse further. */
	async json(command: string, options: RunOptions = {}): Promise<unknown> {
		return JSON.parse((await this.run(command, options)).stdout);
	}

	/** Writes a file in the machine, its folder made if need be. */
	async push(file: string, content: string | Uint8Array): Promise<void> {
		await this.run(`mkdir -p "$(dirname '${file}')" && cat > '${file}'`, {input: content});
	}

	#start(command: string, options: SpawnOptions): Started {
		const stdout: Buffer[] = [];
		const stderr: Buffer[] = [];
		const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
		let running: Command | undefined;

		if (!options.silent) {
			this.#say(`${this.name}$ ${command}`);
		}
		const done = new Promise<Result>((resolve, reject) => {
			running = this.#agent.start(this.#address, command, {
				output: chunk => {
					stdout.push(chunk);
					options.stdout?.(chunk);
				},
				errors: chunk => {
					stderr.push(chunk);
					options.stderr?.(chunk);
				},
				exit: status => resolve({status, stdout: text(stdout), stderr: text(stderr)}),
				lost: error =>
					reject(
						error instanceof CrashError
							? error
							: new LabError(`${this.name}: ${error.message}`, {cause: error}),
					),
			});
		});
		// Nobody may be waiting when the lab stops under it.
		done.catch(() => {});
		if (options.input !== undefined) {
			running?.write(Buffer.from(options.input));
		}
		if (!options.open) {
			running?.end();
		}

		return {
			stdout: () => text(stdout),
			stderr: () => text(stderr),
			done,
			write: input => running?.write(Buffer.from(input)),
			kill: signal => running?.signal(os.constants.signals[signal]),
		};
	}
}

type Started = Omit<Background, 'stop'> & {readonly kill: (signal: NodeJS.Signals) => void};

/** Nothing once the time is over, whether or not the machine answers to the kill. */
async function withDeadline<T>(
	done: Promise<T>,
	timeout: number,
	kill: () => void,
): Promise<T | undefined> {
	let clock: NodeJS.Timeout | undefined;
	const late = new Promise<undefined>(resolve => {
		clock = setTimeout(() => {
			kill();
			resolve(undefined);
		}, timeout);
	});
	try {
		return await Promise.race([done, late]);
	} finally {
		clearTimeout(clock);
	}
}

function complaint(transcript: string, result: Result | undefined, timeout: number): string {
	if (!result) {
		return `${transcript}\nnot done within ${timeout} ms`;
	}

	return [transcript, `exit status ${result.status}`, result.stdout, result.stderr]
		.map(part => part.trimEnd())
		.filter(part => part !== '')
		.join('\n');
}
