// SPDX-License-Identifier: MIT
import type {PairRule, Verdict} from '../../policy/types.ts';
import {domainIntroduced, domainReleased, vifBackends} from '../../xenstore/paths.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';
import type {Clock} from '../clock.ts';
import {describe, type Log} from '../log.ts';
import {createRescan, type Rescan} from '../rescan.ts';
import {forEach, together} from '../together.ts';
import {protocol} from '../../xenstore/values.ts';
import {sayAlive} from './alive.ts';
import {apply} from './apply.ts';
import {createCensus, type Census, type Counted} from './census.ts';
import {judge} from './judge.ts';
import {plan, type Plan} from './plan.ts';
import {
	createSurroundings,
	type Around,
	type Surroundings,
	type SurroundingsWorld,
} from './surroundings.ts';
import {viewOf, type HostView} from './view.ts';
import {createVisits, type Visits} from './visits.ts';

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

/* Sysctls and traffic control say nothing when they change, and a watch event may be lost. */
const period = 15_000;

/** The role of dom0: who is here, who may, announce, relay. */
export class Host {
	readonly #world: HostWorld;
	readonly #rescan: Rescan;
	#view: HostView = viewOf([], [], undefined);
	/** How often the policy or what is held may have changed. */
	#orders = 0;

	constructor(world: HostWorld) {
		this.#world = world;
		this.#rescan = createRescan(world.clock, period);
	}

	/** Serves until the signal aborts; throws when XenStore is lost, and may then be run again. */
	async run(signal: AbortSignal): Promise<void> {
		const store = await this.#world.openStore();
		const session = new Session(store, this.#world, {
			poke: this.#rescan.poke,
			orders: () => this.#orders,
			publish: view => (this.#view = view),
		});
		try {
			const scan = (inner: AbortSignal) =>
				this.#rescan.run(looking => session.scan(looking), inner);
			await together(signal, [scan, ...session.tasks()]);
		} finally {
			this.#view = viewOf([], [], undefined);
			await store.close();
		}
	}

	/** The policy or what is held has changed. */
	poke(): void {
		this.#orders += 1;
		this.#rescan.poke();
	}

	/** Looks at everything once more and acts on it. */
	settle(): Promise<void> {
		this.#orders += 1;
		return this.#rescan.settle();
	}

	/** The pairs as they stand, and where their counters are. */
	view(): HostView {
		return this.#view;
	}
}

type Outside = {
	poke(): void;
	orders(): number;
	publish(view: HostView): void;
};
type Task = (signal: AbortSignal) => Promise<void>;

/** One connection to XenStore, and all that is known by it. */
class Session {
	readonly #store: Store;
	readonly #world: HostWorld;
	readonly #outside: Outside;
	readonly #census: Census;
	readonly #surroundings: Surroundings;
	readonly #visits: Visits;
	readonly #host: string;
	#memory: Pick<Plan, 'lives' | 'lastEpoch'> = {lives: new Map(), lastEpoch: 0};
	#fullAt = -Infinity;
	/** What the last round went by, and when it is to be repeated even so. */
	#last: {readonly seen: readonly unknown[]; readonly againAt: number} = {seen: [], againAt: 0};

	constructor(store: Store, world: HostWorld, outside: Outside) {
		this.#store = store;
		this.#world = world;
		this.#outside = outside;
		this.#census = createCensus(store);
		this.#surroundings = createSurroundings(world, outside.poke);
		this.#visits = createVisits(store, domid => this.#hint(() => this.#census.doubt(domid)));
		this.#host = `${protocol.min} ${protocol.max} ${world.clock.unix()}`;
	}

	async scan(looking: () => void): Promise<number | undefined> {
		const now = this.#world.clock.now();
		if (now - this.#fullAt >= period) {
			this.#fullAt = now;
			this.#census.doubtAll();
			this.#surroundings.refresh();
		}
		/* What we wrote shows what is left to do, e.g. to relay what had been offered. */
		for (let round = 0; round < 4; round++) {
			looking();
			const {steps, again} = await this.#round();
			if (steps.length === 0) return again;
		}
		return 0;
	}

	/** What has to run beside the scans. */
	tasks(): Task[] {
		const {doubtAll, doubtVif} = this.#census;
		return [
			signal => sayAlive(this.#store, this.#host, this.#world, signal),
			this.#visits.run,
			this.#watch(domainIntroduced, doubtAll),
			this.#watch(domainReleased, doubtAll),
			this.#watch(vifBackends, doubtVif),
			...this.#world.hints.map(watch => this.#listen(watch)),
		];
	}

	/** A guest may poke us as often as it likes: where nothing is new, nothing is judged. */
	async #round(): Promise<Pick<Plan, 'steps' | 'again'>> {
		const census = await this.#census.take();
		this.#visits.update(census.domains.map(({domid}) => domid));
		const around = await this.#surroundings.take(census.domains);

		const now = this.#world.clock.now();
		const seen = [census, around, this.#outside.orders()];
		const {seen: before, againAt} = this.#last;
		if (now < againAt && seen.every((one, index) => one === before[index])) {
			return {steps: [], again: againAt - now};
		}
		const next = await this.#act(census, around, now);
		this.#last = {seen, againAt: now + (next.again ?? Infinity)};
		return next;
	}

	async #act({domains, remains}: Counted, around: Around, now: number): Promise<Plan> {
		const {clock, log} = this.#world;
		const verdicts = judge(domains, {...this.#world, ...around});
		this.#outside.publish(viewOf(domains, verdicts, this.#store));

		const [host, store, unix] = [this.#host, this.#store, clock.unix()];
		const next = plan({domains, remains, verdicts, host, ...this.#memory, now, unix});
		this.#memory = next;
		const touched = await apply(next.steps, {store, host, log});
		touched.forEach(domid => this.#census.doubt(domid));
		return next;
	}

	#watch(path: StorePath, doubt: (changed: StorePath) => void): Task {
		return signal =>
			forEach(this.#store.watch(path, signal), changed => this.#hint(() => doubt(changed)));
	}

	/** Without hints, e.g. where the kernel has no nftables, there is still the period. */
	#listen(watch: HostWorld['hints'][number]): Task {
		return async signal => {
			while (!signal.aborted) {
				try {
					await forEach(watch(signal), () => this.#hint(this.#surroundings.doubt));
				} catch (error) {
					this.#world.log.warn('hints.lost', describe(error));
				}
				await this.#world.clock.sleep(period, signal);
			}
		};
	}

	#hint(doubt: () => void): void {
		doubt();
		this.#outside.poke();
	}
}
