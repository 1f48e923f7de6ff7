// SPDX-License-Identifier: MIT
import {parentPort, workerData} from 'node:worker_threads';
import type {Answer, Task} from './load-apart.ts';
import {loadPolicy} from './load.ts';

// The program of the thread that load-apart.ts starts: it reads the policy once.
const {dirs, side} = workerData as Task;
const {errors, ...loaded} = await loadPolicy(dirs, {side});

parentPort?.postMessage({
	...loaded,
	errors: errors.map(({problems, more}) => ({problems, more})),
} satisfies Answer);
