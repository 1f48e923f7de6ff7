// SPDX-License-Identifier: MIT
import {createSlice} from '../../slice.ts';
import {
	domainIntroduced,
	domainReleased,
	tags,
	tagsOwner,
	vifBackends,
	vifOwner,
	xapi,
	xapiVifOwner,
} from '../../xenstore/paths.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';
import {protocol} from '../../xenstore/values.ts';
import {forEach} from '../together.ts';
import {sayAlive} from './alive.ts';
import {createApplier, type Applier} from './apply.ts';
import {createAudit, type Audit} from './audit.ts';
import {createBudget} from './budget.ts';
import {createCurrentContext, type CurrentContext} from './current-context.ts';
import {createGuestNodes, type GuestNodes} from './guest-nodes.ts';
import {createGuestWatches, type GuestWatches} from './guest-watches.ts';
import type {HostWorld} from './host.ts';
import {createInventory, type Inventory} from './inventory.ts';
import {Looks} from './looks.ts';
import {emptyView, viewOf, type HostView} from './view.ts';
import {Work} from './work.ts';

type Task = (signal: AbortSignal) => Promise<void>;

/** Steps under way above which no more are planned, so that what waits for XenStore is bounded. */
const mostUnderWay = 256;

/**
 * One connection to XenStore: hears what changed, reads that, and has the work done that follows from
 * it, in slices. One loop changes all state; watches only say what it has to look at.
 */
export class Session {
	readonly #store: Store;
	readonly #world: HostWorld;
	readonly #host: string;
	readonly #inventory: Inventory;
	readonly #watches: GuestWatches;
	readonly #nodes: GuestNodes;
	readonly #context: CurrentContext;
	readonly #audit: Audit;
	readonly #applier: Applier;
	readonly #work: Work;
	readonly #looks: Looks;
	#isPoked = true;
	#wake = () => {};
	#settling: Array<() => void> = [];

	constructor(store: Store, world: HostWorld) {
		this.#store = store;
		this.#world = world;
		this.#host = `${protocol.min} ${protocol.max} ${world.clock.unix()}`;
		const {clock, log} = world;
		const budget = createBudget(clock, () => this.#inventory.domains.size);
		this.#nodes = createGuestNodes(budget, (domid, about) =>
			this.#work.hearing.mention(domid, about),
		);
		this.#watches = createGuestWatches(store, (domid, path) => this.#hear(domid, path));
		this.#inventory = createInventory(store, {
			log,
			enter: domid => this.#watches.enter(domid),
			leave: domid => this.#watches.leave(domid),
		});
		this.#context = createCurrentContext(world, this.#poke);
		this.#audit = createAudit(clock);
		this.#applier = createApplier({
			...{store, host: this.#host, log},
			refused: (step, error) => {
				this.#work.mending.refused(step, error);
				this.#poke();
			},
		});
		this.#work = new Work({
			...world,
			...{host: this.#host, inventory: this.#inventory, nodes: this.#nodes},
			apply: steps => this.#applier.apply(steps),
		});
		this.#looks = new Looks({
			...{store, log, inventory: this.#inventory, nodes: this.#nodes, audit: this.#audit},
			...{context: this.#context, work: this.#work},
		});
	}

	/** The policy or what is held has changed. */
	poke(): void {
		this.#work.judgeAll();
		this.#poke();
	}

	/** Pokes, and waits until all that follows from it is done. */
	settle(): Promise<void> {
		this.poke();

		return new Promise(resolve => this.#settling.push(resolve));
	}

	/** Who waits for this session waits no longer. */
	release(): void {
		this.#settling.splice(0).forEach(resolve => resolve());
	}

	view(): HostView {
		const {pairs, criteria} = this.#work;

		return criteria
			? viewOf({store: this.#store, subjects: this.#work.subjects, pairs, criteria})
			: {...emptyView, store: this.#store};
	}

	/** All that has to run, side by side. */
	tasks(): Task[] {
		const list = () => this.#inventory.invalidateList();

		return [
			signal => this.#run(signal),
			signal => sayAlive(this.#store, this.#host, this.#world, signal),
			this.#watches.run,
			this.#watch(domainIntroduced, list),
			this.#watch(domainReleased, list),
			this.#watch(vifBackends, path => this.#hearVif(path)),
			this.#watch(xapi, path => this.#hearOf(xapiVifOwner(path))),
			this.#watch(tags, path => this.#hearOf(tagsOwner(path) ?? 'all')),
			...this.#context.tasks,
		];
	}

	async #run(signal: AbortSignal): Promise<void> {
		const slice = createSlice(this.#world.clock.now);
		while (!signal.aborted) {
			this.#isPoked = false;
			await this.#looks.changes();
			this.#work.take(this.#context.latest);
			await this.#looks.nextTree();
			this.#work.judgeAndPlan(() => slice.isOver() || this.#applier.underWay >= mostUnderWay);
			await this.#applier.settle(mostUnderWay / 2);
			await slice.breathe();
			if (this.#work.isIdle) {
				await this.#applier.settle(0);
				if (this.#work.isSettled) {
					this.release();
				}
				await this.#idle(signal);
			}
		}
	}

	async #idle(signal: AbortSignal): Promise<void> {
		if (this.#isPoked || signal.aborted || !this.#inventory.isValid) {
			return;
		}
		const now = this.#world.clock.now();
		const waits = [this.#audit.dueIn(), this.#nodes.dueIn(), this.#work.dueIn(now)];
		const woken = new AbortController();
		this.#wake = () => woken.abort();
		signal.addEventListener('abort', this.#wake);
		await this.#world.clock.sleep(
			waits.reduce<number>((least, wait) => Math.min(least, wait ?? least), Infinity),
			woken.signal,
		);
		signal.removeEventListener('abort', this.#wake);
	}

	#watch(path: StorePath, hear: (changed: StorePath) => void): Task {
		return signal =>
			forEach(this.#store.watch(path, signal), changed => {
				hear(changed);
				this.#poke();
			});
	}

	#hear(domid: number, path: StorePath): void {
		if (isGuestPath(domid, path)) {
			this.#nodes.hear(domid, path);
		} else {
			this.#inventory.invalidate(domid);
		}
		this.#poke();
	}

	/** A guest can make netback change its nodes, so that reading them is at its expense. */
	#hearVif(path: StorePath): void {
		const owner = vifOwner(path);
		const owners = owner === undefined ? [...this.#inventory.domains.keys()] : [owner];
		owners.forEach(domid => this.#nodes.add(domid, {kind: 'vifs'}));
	}

	/** Something that dom0 says by UUID: XAPI of vifs, or anybody of tags. */
	#hearOf(owner: string | undefined): void {
		for (const {domid, uuid} of this.#inventory.domains.values()) {
			if (uuid !== undefined && (uuid === owner || owner === 'all')) {
				this.#inventory.invalidate(domid);
			}
		}
	}

	readonly #poke = (): void => {
		this.#isPoked = true;
		this.#wake();
	};
}

function isGuestPath(domid: number, path: StorePath): boolean {
	return path.startsWith(`/local/domain/${domid}/data/coloop`);
}
