// SPDX-License-Identifier: MIT
import {fork, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {Socket} from 'node:net';
import {NftablesError} from './error.ts';
import type {Nftables} from './index.ts';

/** What the process is asked: a method of its context, and the arguments. */
export type Call = {
	readonly id: number;
	readonly method: 'run' | 'list' | 'text';
	readonly args: readonly unknown[];
};

export type Reply = {readonly id: number} & (
	{readonly value: unknown} | {readonly failure: string}
);

type Waiting = {
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: Error) => void;
	readonly timer: NodeJS.Timeout;
};

type Running = {readonly child: ChildProcess; readonly waiting: Map<number, Waiting>};

/** How long a call may take, in milliseconds, if nobody says: listing a set of a million elements takes 10 s. */
const patience = 60_000;

/**
 * The same as `openNftables`, with the library in a process of its own, which starts at once, and again with the first
 * call after it died. libnftables 1.0.6 aborts on some rules and frees a table's flags before it prints them: then the calls that
 * are running are rejected, with NftablesError, and nothing else is lost. So are calls that take longer than `timeout`,
 * in milliseconds. Calls do not wait for the library in this process, nor does it write to this process's stderr.
 */
export function openIsolatedNftables({timeout = patience}: {timeout?: number} = {}): Nftables {
	const begin = () => start(() => (running = undefined));
	let running: Running | undefined = begin();
	let lastId = 0;
	let isClosed = false;

	const call = (method: Call['method'], ...args: readonly unknown[]) =>
		new Promise<unknown>((resolve, reject) => {
			if (isClosed) {
				throw new NftablesError('the context is closed');
			}
			running ??= begin();
			const {child, waiting} = running;
			const id = ++lastId;
			const timer = setTimeout(() => {
				settle(waiting, id)?.reject(
					new NftablesError(`libnftables gave no answer in ${timeout} ms`),
				);
				child.kill('SIGKILL');
			}, timeout);

			waiting.set(id, {resolve, reject, timer});
			child.send({id, method, args} satisfies Call);
		});

	/* The process answers with what its own context gave: the types are those of the methods. */
	const typed = <Result>(result: Promise<unknown>) => result as Promise<Result>;

	return {
		run: (commands, options = {}) => typed(call('run', commands, options)),
		list: () => typed(call('list')),
		text: (command, options = {}) => typed(call('text', command, options)),
		async close() {
			isClosed = true;
			const child = running?.child;

			if (child?.connected) {
				const ended = once(child, 'exit');

				child.ref();
				child.disconnect();
				await ended;
			}
		},
	};
}

function start(ended: () => void): Running {
	const child = fork(new URL(programName(), import.meta.url), [], {
		serialization: 'advanced',
		stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
		execArgv: [],
	});
	const waiting = new Map<number, Waiting>();
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
		const call = settle(waiting, reply.id);

		if ('failure' in reply) {
			call?.reject(new NftablesError(reply.failure));
		} else {
			call?.resolve(reply.value);
		}
	});
	child.on('error', error => (complaint = error.message));
	child.once('close', (status, signal) => {
		ended();
		for (const id of waiting.keys()) {
			settle(waiting, id)?.reject(new NftablesError(describeEnd(status, signal, complaint)));
		}
	});

	return {child, waiting};
}

function settle(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
	const call = waiting.get(id);

	waiting.delete(id);
	clearTimeout(call?.timer);

	return call;
}

function describeEnd(status: number | null, signal: string | null, complaint: string): string {
	const how = signal === null ? `status ${status}` : signal;
	const said = complaint.trim().split('\n').at(-1);

	return `libnftables ended its process with ${how}${said ? `: ${said}` : ''}`;
}

/** Beside this file, or beside the bundle that this file is part of. */
function programName(): string {
	return import.meta.url.endsWith('.mjs') ? 'nftables-process.mjs' : 'nftables-process.js';
}
