// SPDX-License-Identifier: MIT
import type {Answer, Observation, Request} from '../control/protocol.ts';
import type {Fleet} from '../fleet/fleet.ts';
import type {Reading} from '../metrics/reading.ts';
import type {LoadedPolicy} from '../policy/load.ts';
import {decideAccept, decideLimits, decidePair} from '../policy/match.ts';
import type {Verdict} from '../policy/types.ts';
import type {PolicyWatch} from '../policy/watch.ts';
import {ownPaths} from '../xenstore/paths.ts';
import {Endpoint, type EndpointWorld} from './endpoint/endpoint.ts';
import type {Held} from './held.ts';
import {Host, type HostWorld} from './host/host.ts';
import {createJournal, type Journal} from './journal.ts';
import {createPolicy} from './policy.ts';
import {readForMetrics} from './reading.ts';
import {createRequests} from './requests.ts';
import {supervise} from './supervise.ts';
import {together} from './together.ts';

export type Role = 'host' | 'endpoint';

/** All that the daemon touches; wired in world.ts, in memory in tests. */
export type World = Omit<
	EndpointWorld,
	'decide' | 'isHeld' | 'paths' | 'hostSilence' | 'memoryMib'
> &
	Omit<HostWorld, 'decide' | 'isHeld' | 'limitsOf'> & {
		watchPolicy(signal: AbortSignal): PolicyWatch;
		/** Resolves when XenStore can be opened, or the signal aborts; `waits` hears why it takes longer. */
		awaitStore(waits: (reason: string) => void, signal: AbortSignal): Promise<void>;
		readonly held: Held;
		/** Where an etcd has policy of ours. */
		readonly fleet?: Pick<Fleet, 'state'>;
		/** Our domain is dom0. */
		readonly isDom0: boolean;
		/** Is told each answer of the policy. */
		readonly decided?: (role: Role, action: Verdict['action']) => void;
	};

/** What the parts of one daemon share. */
export type Parts = {
	readonly world: World;
	readonly host: Host | undefined;
	readonly endpoint: Endpoint | undefined;
	policy(): LoadedPolicy;
	/** Reads the policy again; through when the roles know it. */
	reload(): Promise<void>;
	/** By role, what keeps it from running. */
	readonly problems: Map<Role, string>;
	/** Absent where nobody asks for it. */
	readonly journal?: Journal;
};

export type Daemon = {
	/** Runs until the signal aborts. Live channels and what is announced stay as they are. */
	run(signal: AbortSignal): Promise<void>;
	handle(request: Request): Promise<Answer>;
	/** What happens to channels, as the journal tells it. */
	observe(request: Observation, signal: AbortSignal): AsyncIterable<Answer>;
	reload(): Promise<void>;
	/** For metrics. */
	read(): Promise<Reading>;
};

export function createDaemon(real: World, roles: readonly Role[]): Daemon {
	const journal: Journal = createJournal({
		...{log: real.log, unix: real.clock.unix, hasEndpoint: roles.includes('endpoint')},
		nameOf: sought => parts.host?.view().domains.find(({domid}) => domid === sought)?.name,
	});
	const world = {...real, log: journal.log};
	const policy = createPolicy(world.watchPolicy, world.log);
	const parts: Parts = {
		world,
		host: roles.includes('host') ? hostOf(world, policy.latest) : undefined,
		endpoint: roles.includes('endpoint') ? endpointOf(world, policy.latest) : undefined,
		policy: policy.latest,
		async reload() {
			await policy.reload();
			parts.host?.poke();
			await parts.endpoint?.settle();
		},
		problems: new Map(),
		journal,
	};

	return {
		handle: createRequests(parts),
		observe: ({follow = false}, signal) => journal.observe(follow, signal),
		reload: parts.reload,
		read: () => readForMetrics(parts),
		/* Nothing is judged before there is a policy: none would mean deny. */
		run: signal =>
			policy.run(signal, {
				changed() {
					parts.host?.poke();
					parts.endpoint?.poke();
				},
				ready: inner => together(inner, roleTasks(parts)),
			}),
	};
}

function roleTasks({world, host, endpoint, problems}: Parts) {
	const task = (role: Role, part: Host | Endpoint | undefined) => {
		if (part === undefined) {
			return [];
		}
		const waits = (reason: string) => {
			problems.set(role, `${role}: ${reason}`);
			world.log.info('store.awaited', {role, reason});
		};
		const run = async (signal: AbortSignal) => {
			await world.awaitStore(waits, signal);
			problems.delete(role);
			if (!signal.aborted) {
				await part.run(signal);
			}
		};

		return [(signal: AbortSignal) => supervise(role, run, {...world, problems}, signal)];
	};

	return [...task('host', host), ...task('endpoint', endpoint)];
}

function hostOf(world: World, policy: () => LoadedPolicy): Host {
	return new Host({
		...world,
		decide: (a, b) => counted(world, 'host', decidePair(policy().policy, a, b)),
		isHeld: world.held.isPair,
		limitsOf: domain => decideLimits(policy().policy, domain),
	});
}

function endpointOf(world: World, policy: () => LoadedPolicy): Endpoint {
	return new Endpoint({
		...world,
		paths: ownPaths(world.isDom0),
		decide: peer => counted(world, 'endpoint', decideAccept(policy().policy, peer)),
		isHeld: name => world.held.peers.has(name),
		hostSilence: () => policy().hostSilenceS,
		memoryMib: () => policy().policy.memory?.mib,
	});
}

function counted<V extends Verdict>({decided}: World, role: Role, verdict: V): V {
	decided?.(role, verdict.action);

	return verdict;
}
