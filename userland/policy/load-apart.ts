// SPDX-License-Identifier: MIT
import {Worker} from 'node:worker_threads';
import {PolicyError} from './errors.ts';
import {TooLarge} from './include.ts';
import {emptyPolicy, inForce, loadPolicy, type LoadedPolicy, type PolicyDirs} from './load.ts';
import {fileError} from './parse.ts';
import type {Side} from './warnings.ts';

/** What the thread is given. */
export type Task = {readonly dirs: PolicyDirs; readonly side: Side | undefined};

/** What it answers: errors lose their class on the way. */
export type Answer = Omit<LoadedPolicy, 'errors'> & {
	readonly errors: ReadonlyArray<Pick<PolicyError, 'problems' | 'more'>>;
};

/** Takes about 20 ms to parse. */
const smallMost = 16 * 1024;

/**
 * The same as `loadPolicy`, but what takes long happens in a thread of its own: a megabyte of rules takes seconds.
 * Once the signal aborts, that thread ends, and what is returned says nothing.
 */
export async function loadApart(task: Task, signal: AbortSignal): Promise<LoadedPolicy> {
	const {dirs, side} = task;
	try {
		return await loadPolicy(dirs, {side, bytesMost: smallMost});
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

		return inForce({
			...{policy: emptyPolicy, dir},
			errors: [fileError(dir, message, {cause})],
		});
	}
}

async function inThread(task: Task, signal: AbortSignal): Promise<Answer> {
	const worker = new Worker(new URL(programName(), import.meta.url), {workerData: task});
	const stop = () => void worker.terminate();

	signal.addEventListener('abort', stop);
	try {
		return await new Promise((resolve, reject) => {
			worker.once('message', resolve);
			worker.once('error', reject);
			worker.once('exit', () => reject(new Error('the end of the thread that reads it')));
		});
	} finally {
		signal.removeEventListener('abort', stop);
	}
}

/** Beside this file, or beside the bundle that this file is part of. */
function programName(): string {
	return import.meta.url.endsWith('.mjs') ? 'policy-thread.mjs' : 'policy-thread.js';
}
