// SPDX-License-Identifier: MIT
import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {Worker} from 'node:worker_threads';
import {PolicyError} from './errors.ts';
import {isPolicy} from './files.ts';
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
	const places = typeof dirs === 'string' ? [dirs] : dirs;
	const sizes = await Promise.all(places.map(sizeOf));

	if (sizes.every(size => size <= smallMost)) {
		return await loadPolicy(dirs, {side});
	}
	try {
		const {errors, ...loaded} = await inThread(task, signal);

		return {
			...loaded,
			errors: errors.map(({problems, more}) => new PolicyError(problems, {more})),
		};
	} catch (cause) {
		const message = `expected a policy that can be read, got ${String(cause)}`;
		const [dir = ''] = places;

		return inForce({
			...{policy: emptyPolicy, dir},
			errors: [fileError(dir, message, {cause})],
		});
	}
}

/** Of all policies in the directory; whatever keeps it from being known, `loadPolicy` says. */
async function sizeOf(dir: string): Promise<number> {
	const names = await readdir(dir).catch(() => []);
	const sizes = names
		.filter(isPolicy)
		.map(async name => (await stat(join(dir, name)).catch(() => undefined))?.size ?? 0);

	return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
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
