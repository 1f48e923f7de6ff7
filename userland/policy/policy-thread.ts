// SPDX-License-Identifier: MIT
import {parentPort, workerData} from 'node:worker_threads';
import {fingerprintOf} from './fingerprint.ts';
import type {Answer, Rules, ThreadTask} from './load-apart.ts';
import {loadPolicy} from './load.ts';

// The program of the thread that load-apart.ts starts: it reads the policy once.
const {dirs, rules, ...options} = workerData as ThreadTask;
const loaded = await loadPolicy(dirs, options);
const {policy, errors} = loaded;
/** Taking so many takes about a millisecond. */
const batch = 100;

for (let at = 0; at < Math.max(policy.pairs.length, policy.accept.length); at += batch) {
	const [pairs, accept] = [
		policy.pairs.slice(at, at + batch),
		policy.accept.slice(at, at + batch),
	];
	rules.postMessage({pairs, accept} satisfies Rules);
}
parentPort?.postMessage({
	...loaded,
	policy: {...policy, pairs: [], accept: []},
	errors: errors.map(({problems, more}) => ({problems, more})),
	fingerprint: fingerprintOf(loaded),
} satisfies Answer);
