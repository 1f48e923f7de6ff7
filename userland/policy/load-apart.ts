// SPDX-License-Identifier: MIT
import {MessageChannel, receiveMessageOnPort, Worker, type MessagePort} from 'node:worker_threads';
import {createSlice} from '../slice.ts';
import {PolicyError} from './errors.ts';
import type {PolicyFile} from './files.ts';
import {fingerprintOf} from './fingerprint.ts';
import {TooLarge} from './include.ts';
import {emptyPolicy, inForce, loadPolicy, type LoadedPolicy, type PolicyDirs} from './load.ts';
import {fileError} from './parse.ts';
import type {AcceptRule, PairRule} from './types.ts';
import type {Side} from './warnings.ts';

type Task = {
	readonly dirs: PolicyDirs;
	readonly side: Side | undefined;
	readonly documents?: readonly PolicyFile[] | undefined;
};

/** What the thread is given: `rules` is where it puts those, a few at a time. */
export type ThreadTask = Task & {readonly rules: MessagePort};

/** Some of the rules, in order. */
export type Rules = {readonly pairs: readonly PairRule[]; readonly accept: readonly AcceptRule[]};

/** What the thread answers in the end: all but the rules. Errors lose their class on the way. */
export type Answer = Omit<LoadedPolicy, 'errors'> & {
	readonly errors: ReadonlyArray<Pick<PolicyError, 'problems' | 'more'>>;
	readonly fingerprint: string;
};

/** `fingerprint`: the same while the policy reads the same. */
type Read = LoadedPolicy & {readonly fingerprint: string};

/** Takes about 20 ms to parse. */
const smallMost = 16 * 1024;

/**
 * The same as `loadPolicy`, but what takes long happens in a thread of its own: a megabyte of rules takes seconds.
 * Once the signal aborts, that thread ends, and what is returned says nothing.
 */
export async function loadApart(task: Task, signal: AbortSignal): Promise<Read> {
	const {dirs, ...options} = task;
	try {
		return withFingerprint(await loadPolicy(dirs, {...options, bytesMost: smallMost}));
	} catch (error) {
		if (!(error instanceof TooLarge)) {
			throw error;
		}
	}
	try {
		const {errors, ...loaded} = await inThread(task, signal);

		return {
			...loaded,
			errors: errors.map(({problems, more}) => new PolicyError(problems, {more})),
		};
	} catch (cause) {
		const message = `expected a policy that can be read, got ${String(cause)}`;
		const [dir = ''] = typeof dirs === 'string' ? [dirs] : dirs;

		return withFingerprint(
			inForce({
				...{policy: emptyPolicy, dir},
				errors: [fileError(dir, message, {cause})],
			}),
		);
	}
}

function withFingerprint(loaded: LoadedPolicy): Read {
	return {...loaded, fingerprint: fingerprintOf(loaded)};
}

async function inThread(task: Task, signal: AbortSignal): Promise<Answer> {
	const {port1: rules, port2: theirs} = new MessageChannel();
	const worker = new Worker(new URL(programName(), import.meta.url), {
		workerData: {...task, rules: theirs} satisfies ThreadTask,
		transferList: [theirs],
	});
	const stop = () => void worker.terminate();

	signal.addEventListener('abort', stop);
	try {
		const answer = await new Promise<Answer>((resolve, reject) => {
			worker.once('message', resolve);
			worker.once('error', reject);
			worker.once('exit', () => reject(new Error('the end of the thread that reads it')));
		});

		return {...answer, policy: {...answer.policy, ...(await take(rules))}};
	} finally {
		signal.removeEventListener('abort', stop);
		rules.close();
	}
}

/** All that is there, in slices: a megabyte of rules at once takes a tenth of a second. */
async function take(port: MessagePort): Promise<Rules> {
	const slice = createSlice();
	const pairs: PairRule[] = [];
	const accept: AcceptRule[] = [];

	for (let some = takeSome(port); some; some = takeSome(port)) {
		pairs.push(...some.pairs);
		accept.push(...some.accept);
		await slice.breathe();
	}

	return {pairs, accept};
}

function takeSome(port: MessagePort): Rules | undefined {
	return (receiveMessageOnPort(port) as {message: Rules} | undefined)?.message;
}

/** Beside this file, or beside the bundle that this file is part of. */
function programName(): string {
	return import.meta.url.endsWith('.mjs') ? 'policy-thread.mjs' : 'policy-thread.js';
}
