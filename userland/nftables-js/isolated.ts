// SPDX-License-Identifier: MIT
import {fork, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {Socket} from 'node:net';
import {NftablesError, type NftErrorCode, type NftProblem} from './error.ts';
import type {Nftables} from './index.ts';
import {createQueue} from './queue.ts';

/** What the process is asked: a method of its context, and the arguments. */
export type Call = {
	readonly id: number;
	readonly method: 'run' | 'list' | 'text';
	readonly args: readonly unknown[];
};

export type Failure = {
	readonly code: NftErrorCode;
	readonly message: string;
	readonly problems?: readonly NftProblem[];
	readonly command?: number | undefined;
};

export type Reply = {readonly id: number} & (
	{readonly value: unknown} | {readonly failure: Failure}
);

export type IsolatedOptions = {
	/** How long a call may take once its turn has come, in milliseconds. */
	readonly timeout?: number;
};

/** The call that runs. */
type Current = {
	readonly id: number;
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: Error) => void;
};

type Running = {readonly child: ChildProcess; current: Current | undefined};

/** If nobody says: listing a set of a million elements takes 10 s. */
const patience = 60_000;

/**
 * The same as `openNftables`, with the library in a process of its own, which starts at once, and again with the first
 * call after it died. libnftables 1.0.6 aborts on some rules and frees a table's flags before it prints them: then the call that
 * is running is rejected, with NftablesError, and nothing else is lost. A call that takes longer than `timeout`, or whose signal
 * is aborted while it runs, ends the process, too. Calls do not wait for the library in this process, nor does it
 * write to this process's stderr.
 */
export function openIsolatedNftables({timeout = patience}: IsolatedOptions = {}): Nftables {
	const enqueue = createQueue();
	let running: Running | undefined;
	let lastId = 0;
	let isClosed = false;

	const begin = (): Running => {
		const made = start(() => forget(made));

		return made;
	};
	const forget = (ended: Running) => {
		running = running === ended ? undefined : running;
	};
	const ask = (
		method: Call['method'],
		args: readonly unknown[],
		signal: AbortSignal | undefined,
	): Promise<unknown> => {
		const asked = (running ??= begin());
		const end = () => {
			// The next call gets another process at once, whenever the end of this one is heard of.
			forget(asked);
			asked.child.kill('SIGKILL');
		};

		return answerOf(asked, {id: ++lastId, method, args}, {timeout, signal, end});
	};

	running = begin();

	const call = async <Result>(
		method: Call['method'],
		args: readonly unknown[],
		signal: AbortSignal | undefined,
	): Promise<Result> => {
		if (isClosed) {
			throw new NftablesError('CLOSED', 'the context is closed');
		}

		/* The process answers with what its own context gave: the types are those of the methods. */
		return (await enqueue(() => ask(method, args, signal), signal)) as Result;
	};

	return {
		run: (commands, {signal, ...options} = {}) => call('run', [commands, options], signal),
		list: ({signal} = {}) => call('list', [], signal),
		text: (commands, {signal, ...options} = {}) => call('text', [commands, options], signal),
		async close() {
			if (isClosed) {
				return;
			}
			isClosed = true;
			await enqueue(() => running && stop(running));
		},
	};
}

async function answerOf(
	running: Running,
	call: Call,
	{timeout, signal, end}: {timeout: number; signal: AbortSignal | undefined; end: () => void},
): Promise<unknown> {
	const answer = new Promise<unknown>((resolve, reject) => {
		running.current = {id: call.id, resolve, reject};
		running.child.send(call);
	});
	const timer = setTimeout(() => {
		running.current?.reject(
			new NftablesError('TIMEOUT', `libnftables gave no answer in ${timeout} ms`),
		);
		end();
	}, timeout);

	signal?.addEventListener('abort', end, {once: true});
	try {
		return await answer;
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', end);
		running.current = undefined;
	}
}

async function stop({child}: Running): Promise<void> {
	if (child.connected) {
		const ended = once(child, 'exit');

		child.ref();
		child.disconnect();
		await ended;
	}
}

function start(ended: () => void): Running {
	const child = fork(new URL(programName(), import.meta.url), [], {
		serialization: 'advanced',
		stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
		execArgv: [],
	});
	const running: Running = {child, current: undefined};
	let complaint = '';

	/* An idle process keeps nobody's event loop; while a call runs, its timer does. */
	for (const held of [child, child.channel, child.stderr instanceof Socket && child.stderr]) {
		if (held) {
			held.unref();
		}
	}
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		complaint = (complaint + text).slice(-1000);
	});
	child.on('message', (reply: Reply) => {
		if (reply.id === running.current?.id) {
			settle(running.current, reply);
		}
	});
	const end = (how: string) => {
		const lastLine = complaint.trim().split('\n').at(-1);

		ended();
		running.current?.reject(
			new NftablesError('DIED', `${how}${lastLine ? `: ${lastLine}` : ''}`),
		);
	};

	child.on('error', error => {
		// What never began has no end to be heard of; a call that could not be sent has, and that says more.
		if (child.pid === undefined) {
			complaint = error.message;
			end('libnftables got no process');
		}
	});
	child.once('close', (status, signal) =>
		end(`libnftables ended its process with ${signal ?? `status ${status}`}`),
	);

	return running;
}

function settle({resolve, reject}: Current, reply: Reply): void {
	if ('failure' in reply) {
		const {code, message, problems, command} = reply.failure;

		reject(new NftablesError(code, message, {problems, command}));
	} else {
		resolve(reply.value);
	}
}

/** Beside this file, or beside the bundle that this file is part of. */
function programName(): string {
	return import.meta.url.endsWith('.mjs') ? 'nftables-process.mjs' : 'nftables-process.js';
}
