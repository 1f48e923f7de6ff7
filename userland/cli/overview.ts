// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import type {Status} from '../control/protocol.ts';
import {statusFor} from './ask.ts';
import {ColoopError} from '../errors.ts';
import type {System} from './system.ts';

/** All of it on one screen. `faults` are the reasons why it is not healthy. */
export type Overview = {
	readonly healthy: boolean;
	readonly faults: readonly string[];
	readonly module: Status['module'];
	readonly module_loaded: boolean | null;
	/** Null where it does not answer. */
	readonly daemon: {readonly version: string; readonly roles: readonly string[]} | null;
	/** Whether dom0's host role is heard; `here` in dom0. */
	readonly host: string | null;
	readonly xenstore: boolean | null;
	readonly policy: {
		readonly directory: string | null;
		readonly errors: readonly string[];
		readonly warnings: readonly string[];
	} | null;
	/** Policy of an etcd; null where there is none. */
	readonly fleet: NonNullable<Status['fleet']> | null;
	/** How many are in which state; of pairs only in dom0. */
	readonly peers: Readonly<Record<string, number>>;
	readonly pairs: Readonly<Record<string, number>> | null;
	readonly troubles: NonNullable<Status['troubles']>;
};

/** Of a daemon that answers. */
export function overviewOf(status: Status): Overview {
	const {module, module_loaded: isLoaded, roles, version, host, problems} = status;
	const isHost = roles.includes('host');
	const hears = isHost ? 'here' : (host ?? null);
	const faults = [
		...problems,
		...(isLoaded === false && !isHost
			? [
					'the coloop module is not loaded: modprobe coloop, and coloop doctor where there is none',
				]
			: []),
		...(hears === 'silent' ? ["dom0's coloopd is silent: start it there"] : []),
		...status.policy_errors.map(problem => `policy: ${problem}`),
	];

	return {
		...{healthy: faults.length === 0, faults, module, module_loaded: isLoaded},
		daemon: {version, roles},
		host: hears,
		xenstore: status.domid !== null && !problems.some(problem => /xenstore/i.test(problem)),
		policy: {
			directory: status.policy_directory,
			errors: status.policy_errors,
			warnings: status.policy_warnings ?? [],
		},
		fleet: status.fleet ?? null,
		peers: countStates(status.peers),
		pairs: status.pairs && pairCounts(status.pairs, status.pairs_left),
		troubles: status.troubles ?? [],
	};
}

/** Where no daemon answers, what can be known without. */
async function withoutDaemon({message}: ColoopError, system: System): Promise<Overview> {
	const isLoaded = (await system.list('/sys/module/coloop')).length > 0;

	return {
		...{healthy: false, faults: [message], module: null, module_loaded: isLoaded, daemon: null},
		...{
			host: null,
			xenstore: null,
			policy: null,
			fleet: null,
			peers: {},
			pairs: null,
			troubles: [],
		},
	};
}

/** What it is now; where it is to be waited for, once it is healthy or the time is over. */
export async function readOverview(
	socket: string,
	system: System,
	waitMs: number,
): Promise<Overview> {
	const deadline = performance.now() + waitMs;
	for (;;) {
		const overview = await lookOnce(socket, system);
		if (overview.healthy || performance.now() >= deadline) {
			return overview;
		}
		await sleep(Math.min(250, Math.max(1, deadline - performance.now())));
	}
}

async function lookOnce(socket: string, system: System): Promise<Overview> {
	try {
		return overviewOf(await statusFor(socket, {peers: 'all', pairs: 'some'}));
	} catch (error) {
		if (error instanceof ColoopError && error.code === 'NO_DAEMON') {
			return withoutDaemon(error, system);
		}
		throw error;
	}
}

function countStates(items: ReadonlyArray<{readonly state: string}>): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const {state} of items) {
		counts[state] = (counts[state] ?? 0) + 1;
	}

	return counts;
}

/** Of those that were not told it is known only whether they may have a channel. */
function pairCounts(
	pairs: NonNullable<Status['pairs']>,
	left: Status['pairs_left'],
): Record<string, number> {
	const counts = countStates(pairs);
	const add = (state: string, more: number) => {
		if (more > 0) {
			counts[state] = (counts[state] ?? 0) + more;
		}
	};
	add('ready', left?.open ?? 0);
	add('refused', left?.refused ?? 0);

	return counts;
}
