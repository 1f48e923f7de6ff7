// SPDX-License-Identifier: MIT
import {openSync, readSync} from 'node:fs';
import {performance} from 'node:perf_hooks';
import {systemClock} from '../../userland/daemon/clock.ts';
import {Host, type HostWorld} from '../../userland/daemon/host/host.ts';
import {createLog} from '../../userland/daemon/log.ts';
import {decidePair, prepare} from '../../userland/policy/match.ts';
import type {PairRule, Policy} from '../../userland/policy/types.ts';
import {computedStore, type ComputedStore} from './store.ts';

export type Scene = {
	readonly host: Host;
	readonly store: ComputedStore;
	/** Changes what the policy says. */
	setPolicy(policy: Policy): Promise<void>;
	/** Longest turn of the event loop since it was last asked, in ms of its thread's CPU time. */
	blocked(): number;
	stop(): Promise<void>;
};

/** The host role alone, in dom0 of a host with so many guests, each with a vif on one bridge. */
export async function startScene(
	guests: number,
	policy: Policy,
	change: Partial<HostWorld> = {},
): Promise<Scene> {
	const probe = probeTurns();
	await prepare(policy);
	const store = computedStore(guests, path => path.includes('/coloop/declined/'));
	const stop = new AbortController();
	let current = policy;
	const host = new Host({
		openStore: async () => store.connect(),
		hints: [],
		decide: (a, b) => decidePair(current, a, b),
		isHeld: () => false,
		limitsOf: () => undefined,
		clock: systemClock(),
		log: createLog(() => {}, 'error'),
		topology: async () => topologyOf(guests),
		firewall: async () => () => undefined,
		...change,
	});
	const done = host.run(stop.signal);

	return {
		host,
		store,
		async setPolicy(next) {
			/* As the daemon does before a policy is in force. */
			await prepare(next);
			current = next;
			host.poke();
		},
		blocked: probe.most,
		async stop() {
			probe.stop();
			stop.abort();
			await done;
		},
	};
}

export function topologyOf(guests: number) {
	const vifs = Array.from({length: guests}, (_, index) => ({
		ifindex: 100 + index,
		name: `vif${index + 1}.0`,
		mac: 'fe:ff:ff:ff:ff:ff',
		mtu: 1500,
		master: 2,
	}));
	const bridge = {ifindex: 2, name: 'xenbr0', mac: 'fe:ff:ff:ff:ff:fe', mtu: 1500};

	return {interfaces: [bridge, ...vifs], bridges: new Set(['xenbr0'])};
}

export function policyOf(
	...rules: ReadonlyArray<readonly ['allow' | 'deny', string, string]>
): Policy {
	const pairs = rules.map(([action, left, right], index): PairRule => ({
		...{action, between: [left, right]},
		...{ringPages: undefined, ringPagesMin: undefined, queues: undefined},
		source: {file: '10-bench.yaml', line: index + 1, column: 1},
	}));

	return {pairs, accept: [], hostSilence: undefined};
}

/** So many rules that name guests, none of which there is, and one that allows all. */
export function manyRules(count: number): Policy {
	const others = Array.from(
		{length: count - 1},
		(_, index) => ['deny', index % 2 ? `x-${index}` : `*-x${index}`, `db-${index}`] as const,
	);

	return policyOf(...others, ['allow', '*', '*']);
}

export async function until(what: string, isSo: () => boolean, limit = 600_000): Promise<void> {
	const end = performance.now() + limit;

	while (!isSo()) {
		if (performance.now() > end) {
			throw new Error(`not within ${limit} ms: ${what}`);
		}
		await new Promise(resolve => setTimeout(resolve, 1));
	}
}

/** CPU time of this process while `work` runs, in ms. */
export async function cpuOf(work: () => Promise<unknown>): Promise<number> {
	const start = process.cpuUsage();
	await work();
	const {user, system} = process.cpuUsage(start);

	return (user + system) / 1000;
}

/** Resident, in MiB. */
export function memory(): number {
	return process.memoryUsage.rss() / 2 ** 20;
}

/**
 * By CPU time of the thread that runs the event loop, as others may have had the processor meanwhile, and threads of V8
 * and those that read policies have it beside that.
 */
export function probeTurns() {
	let most = 0;
	const threadTime = openThreadTime();
	let last = threadTime();
	const timer = setInterval(() => {
		const now = threadTime();
		most = Math.max(most, now - last);
		last = now;
	}, 1);

	return {
		most() {
			const found = most;
			most = 0;

			return found;
		},
		stop: () => clearInterval(timer),
	};
}

/** What this thread has used, in ms: the first figure of schedstat, in ns. Kept open, as it is asked a thousand times a second. */
function openThreadTime(): () => number {
	const file = openSync('/proc/thread-self/schedstat', 'r');
	const bytes = Buffer.alloc(64);

	return () => {
		const length = readSync(file, bytes, 0, bytes.length, 0);

		return Number.parseInt(bytes.toString('latin1', 0, length), 10) / 1e6;
	};
}
