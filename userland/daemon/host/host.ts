// SPDX-License-Identifier: MIT
import type {PairRule, Verdict} from '../../policy/types.ts';
import {domainIntroduced, domainReleased, vifBackends} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Clock} from '../clock.ts';
import {describe, type Log} from '../log.ts';
import {createRescan} from '../rescan.ts';
import {forEach, together} from '../together.ts';
import {protocol} from '../values.ts';
import {apply} from './apply.ts';
import {createCensus} from './census.ts';
import {judge, type PairVerdict} from './judge.ts';
import {plan, type Plan} from './plan.ts';
import {createSurroundings, type SurroundingsWorld} from './surroundings.ts';
import {createVisits} from './visits.ts';

/** The world of the host role. */
export type HostWorld = SurroundingsWorld & {
	openStore(): Promise<Store>;
	/** Hints that dom0's devices or rules may have changed. */
	readonly hints: ReadonlyArray<(signal: AbortSignal) => AsyncIterable<unknown>>;
	decide(nameA: string, nameB: string): Verdict<PairRule>;
	isHeld(nameA: string, nameB: string): boolean;
	readonly clock: Clock;
	readonly log: Log;
};

export type HostView = {
	readonly verdicts: readonly PairVerdict[];
	readonly store: Store | undefined;
};

export type Host = {
	/** Serves until the signal aborts; throws when XenStore is lost, and may then be run again. */
	run(signal: AbortSignal): Promise<void>;
	/** The policy or what is held has changed. */
	poke(): void;
	/** Looks at everything once more and acts on it. */
	settle(): Promise<void>;
	/** Every pair as last judged, and where its counters are. */
	view(): HostView;
};

/* Sysctls and traffic control say nothing when they change, and a watch event may be lost. */
const period = 15_000;

/** The role of dom0: who is here, who may, announce, relay. */
export function createHost(world: HostWorld): Host {
	const rescan = createRescan(world.clock, period);
	let view: HostView = {verdicts: [], store: undefined};

	return {
		poke: rescan.poke,
		settle: rescan.settle,
		view: () => view,
		async run(signal) {
			const store = await world.openStore();
			const session = createSession(store, world, {
				poke: rescan.poke,
				publish: verdicts => (view = {verdicts, store}),
			});
			try {
				const {scan, tasks} = session;
				await together(signal, [inner => rescan.run(scan, inner), ...tasks]);
			} finally {
				view = {verdicts: [], store: undefined};
				await store.close();
			}
		},
	};
}

type Outside = {poke(): void; publish(verdicts: readonly PairVerdict[]): void};

/** One connection to XenStore, and all that is known by it. */
function createSession(store: Store, world: HostWorld, {poke, publish}: Outside) {
	const {clock, log} = world;
	const census = createCensus(store);
	const surroundings = createSurroundings(world);
	const visits = createVisits(store, domid => hint(() => census.doubt(domid)));
	const host = `${protocol.min} ${protocol.max} ${clock.unix()}`;
	let memory: Pick<Plan, 'lives' | 'lastEpoch'> = {lives: new Map(), lastEpoch: 0};
	let fullAt = -Infinity;

	const hint = (doubt: () => void) => {
		doubt();
		poke();
	};
	const round = async (): Promise<Plan> => {
		const {domains, remains} = await census.take();
		visits.update(domains.map(({domid}) => domid));
		const verdicts = judge(domains, {...world, ...(await surroundings.take(domains))});
		publish(verdicts);
		const time = {now: clock.now(), unix: clock.unix()};
		const next = plan({domains, remains, verdicts, host, ...memory, ...time});
		memory = next;
		const touched = await apply(next.steps, {store, host, log});
		touched.forEach(census.doubt);
		return next;
	};
	const on = (path: string, doubt: (path: string) => void) => (signal: AbortSignal) =>
		forEach(store.watch(path, signal), changed => hint(() => doubt(changed)));

	/* Without hints, e.g. where the kernel has no nftables, there is still the period. */
	const listen = (watch: HostWorld['hints'][number]) => async (signal: AbortSignal) => {
		while (!signal.aborted) {
			try {
				await forEach(watch(signal), () => hint(surroundings.doubt));
			} catch (error) {
				log.warn('hints.lost', describe(error));
			}
			await clock.sleep(period, signal);
		}
	};

	return {
		async scan(): Promise<number | undefined> {
			if (clock.now() - fullAt >= period) {
				fullAt = clock.now();
				census.doubtAll();
				surroundings.doubt();
			}
			let next = await round();
			/* What we wrote shows what is left to do, e.g. to relay what had been offered. */
			for (let more = 3; next.steps.length > 0 && more > 0; more--) next = await round();
			return next.steps.length > 0 ? 0 : next.again;
		},
		tasks: [
			visits.run,
			on(domainIntroduced, census.doubtAll),
			on(domainReleased, census.doubtAll),
			on(vifBackends, census.doubtVif),
			...world.hints.map(listen),
		],
	};
}
