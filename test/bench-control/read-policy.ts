// SPDX-License-Identifier: MIT
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {createLog} from '../../userland/daemon/log.ts';
import {createPolicy} from '../../userland/daemon/policy.ts';
import {watchPolicy} from '../../userland/policy/watch.ts';
import {probeTurns, until} from './scene.ts';

/** The files of a policy with so many rules, read by the daemon's own code: longest turn in ms, at first and then. */
export async function policyRead(
	rules: number,
): Promise<Record<'first' | 'same' | 'other', number>> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(dir, '10-bench.yaml');
	const stop = new AbortController();
	const policy = createPolicy(
		signal => watchPolicy(dir, signal),
		createLog(() => {}, 'error'),
	);
	let taken = 0;

	await writeFile(file, textOf(rules));
	await sleep(100);
	const probe = probeTurns();
	const run = policy.run(stop.signal, {
		changed: () => (taken += 1),
		ready: signal => sleep(1e9, undefined, {signal}).catch(() => {}),
	});
	await until('read', () => taken === 1);
	const first = probe.most();
	/* Written anew with what it said: nobody is told. */
	await writeFile(file, textOf(rules));
	await sleep(10_000);
	const same = probe.most();
	await writeFile(file, textOf(rules + 1));
	await until('read again', () => taken === 2);
	const other = probe.most();
	probe.stop();
	stop.abort();
	await run;
	await rm(dir, {recursive: true});

	return {first, same, other};
}

function textOf(rules: number): string {
	const lines = Array.from({length: rules}, (_, at) => `  - allow: [web-${at}, db-${at}]\n`);

	return `version: 1\npairs:\n${lines.join('')}`;
}
