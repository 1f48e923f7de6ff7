// SPDX-License-Identifier: MIT
import type {Kernel} from '../kernel/kernel.ts';
import type {LoadedPolicy} from '../policy/load.ts';
import type {PolicyWatch} from '../policy/watch.ts';
import type {Store} from '../xenstore/store.ts';
import {Lives} from './lives.ts';
import {storeMeter} from './metered-store.ts';
import type {Metrics} from './metrics.ts';
import {PeerTotals} from './peer-totals.ts';

type Role = 'host' | 'endpoint';

type Clock = {
	now(): number;
	unix(): number;
	sleep(ms: number, signal: AbortSignal): Promise<void>;
};

/** The part of the daemon's world in which something can be counted. */
type World = {
	readonly clock: Clock;
	openStore(): Promise<Store>;
	openKernel(): Promise<Kernel>;
	watchPolicy(signal: AbortSignal): PolicyWatch;
	readonly decided?: (role: Role, action: 'allow' | 'deny') => void;
};

/** The same world, which counts what the daemon does with it, and what went to each peer. */
export function metered<W extends World>(
	world: W,
	metrics: Metrics,
): {readonly world: W; readonly totals: PeerTotals} {
	const {clock} = world;
	const totals = new PeerTotals();
	const lives = new Lives(metrics, clock.now);
	const meterStore = storeMeter(metrics, clock.now);

	return {
		totals,
		world: {
			...world,
			clock: meteredClock(clock, metrics),
			openStore: async () => meterStore(await world.openStore()),
			openKernel: async () => meteredKernel(await world.openKernel(), totals, lives),
			watchPolicy: signal => meteredPolicy(world.watchPolicy(signal), clock, metrics),
			decided: decisionMeter(metrics),
		},
	};
}

/** A timer that fires late says that something else kept the event loop; no other timer is needed. */
function meteredClock(clock: Clock, metrics: Metrics): Clock {
	return {
		...clock,
		async sleep(ms, signal) {
			const due = clock.now() + ms;
			await clock.sleep(ms, signal);
			if (!signal.aborted && Number.isFinite(due)) {
				const lag = Math.max(0, clock.now() - due) / 1000;
				metrics.observe('coloop_event_loop_lag_seconds', lag);
			}
		},
	};
}

/** Costs no request: what the daemon reads and hears anyway is looked at on the way. */
function meteredKernel(kernel: Kernel, totals: PeerTotals, lives: Lives): Kernel {
	return {
		...kernel,
		async peers() {
			const peers = await kernel.peers();
			totals.update(peers);
			lives.update(peers);

			return peers;
		},
		events: signal => {
			const events = kernel.events(signal);

			return (async function* () {
				for await (const event of events) {
					if (event.kind === 'channel') {
						totals.heard(event.peer);
					}
					lives.heard(event);
					yield event;
				}
			})();
		},
	};
}

function meteredPolicy(policies: PolicyWatch, clock: Clock, metrics: Metrics): PolicyWatch {
	const [succeeded, failed] = ['success', 'failure'].map(result =>
		metrics.counter('coloop_policy_loads_total', {result}),
	);
	const take = ({policy, errors, warnings}: LoadedPolicy) => {
		const isGood = errors.length === 0;
		(isGood ? succeeded : failed)?.();
		metrics.set('coloop_policy_last_load_successful', [[isGood ? 1 : 0]]);
		metrics.set('coloop_policy_last_load_timestamp_seconds', [[clock.unix()]]);
		metrics.set('coloop_policy_warnings', [[warnings.length]]);
		metrics.set('coloop_policy_rules', [
			[policy.pairs.length, {kind: 'pairs'}],
			[policy.accept.length, {kind: 'accept'}],
		]);
	};

	return {
		reload: () => policies.reload(),
		async *[Symbol.asyncIterator]() {
			for await (const loaded of policies) {
				take(loaded);
				yield loaded;
			}
		},
	};
}

function decisionMeter(metrics: Metrics): World['decided'] & {} {
	const counts = new Map<string, () => void>();

	return (role, action) => {
		const key = `${role} ${action}`;
		let count = counts.get(key);
		if (count === undefined) {
			count = metrics.counter('coloop_policy_decisions_total', {role, action});
			counts.set(key, count);
		}
		count();
	};
}
