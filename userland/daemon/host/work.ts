// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';
import type {Log} from '../log.ts';
import {Agenda} from './agenda.ts';
import type {CurrentContext} from './current-context.ts';
import {CurrentCriteria} from './current-criteria.ts';
import {DomainTrees} from './domain-trees.ts';
import {Failures} from './failures.ts';
import type {GuestNodes} from './guest-nodes.ts';
import {Hearing} from './hearing.ts';
import type {Changes, Inventory} from './inventory.ts';
import type {Criteria} from './judge.ts';
import {keyOf} from './pair.ts';
import {PairTable} from './pairs.ts';
import {PairWork} from './pair-work.ts';
import {Mending} from './mending.ts';
import type {HostStep} from './steps.ts';
import type {Subject} from './subjects.ts';
import type {Tree} from './trees.ts';

type WorkWorld = Pick<Criteria, 'decide' | 'isHeld' | 'limitsOf'> & {
	readonly clock: Clock;
	readonly log: Log;
	/** What a prepared tree says of us. */
	readonly host: string;
	readonly inventory: Pick<Inventory, 'domains' | 'invalidate' | 'update'>;
	readonly nodes: Pick<GuestNodes, 'add' | 'forget'>;
	apply(steps: readonly HostStep[]): void;
};

/** What is known, and what follows from what changed: which pairs are to be judged and planned. */
export class Work {
	readonly pairs = new PairTable();
	readonly trees: DomainTrees;
	readonly hearing: Hearing;
	readonly mending: Mending;
	readonly #world: WorkWorld;
	readonly #agenda = new Agenda(() => this.trees.domids);
	readonly #failures: Failures;
	readonly #current: CurrentCriteria;
	readonly #pairWork: PairWork;

	constructor(world: WorkWorld) {
		this.#world = world;
		this.#current = new CurrentCriteria(world);
		this.#failures = new Failures(world.clock);
		this.trees = new DomainTrees({...world, failures: this.#failures});
		const shared = {
			...world,
			...{trees: this.trees, pairs: this.pairs, agenda: this.#agenda},
			reread: (domid: number) => this.#reread(domid),
		};
		this.hearing = new Hearing({...shared, renew: () => this.#current.invalidate()});
		this.mending = new Mending({...shared, failures: this.#failures});
		this.#pairWork = new PairWork({
			...shared,
			...{current: this.#current, failures: this.#failures, hearing: this.hearing},
		});
	}

	get subjects(): ReadonlyMap<number, Subject> {
		return this.#current.subjects;
	}

	get criteria(): Criteria | undefined {
		return this.#current.criteria;
	}

	/** Whether there is nothing that could be done now. */
	get isIdle(): boolean {
		return !this.criteria || this.isSettled;
	}

	/** Whether all that changed has been judged and planned. */
	get isSettled(): boolean {
		return this.criteria !== undefined && this.#agenda.isEmpty && !this.trees.hasUnknown;
	}

	dueIn(now: number): number | undefined {
		const treesDue = this.criteria && this.trees.dueIn();
		const waits = [treesDue, this.#pairWork.dueIn(now)].filter(wait => wait !== undefined);

		return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
	}

	judgeAll(): void {
		this.#agenda.judgeAll(this.pairs.active);
	}

	change({entered, left, changed, leftovers}: Changes): void {
		if (entered.length + left.length + changed.length > 0) {
			this.#current.invalidate();
		}
		left.forEach(domid => this.#leave(domid));
		entered.forEach(domid => this.trees.invalidate(domid));
		changed.filter(domid => this.trees.isReplaced(domid)).forEach(domid => this.#reread(domid));
		this.#world.apply(leftovers.map(domid => ({kind: 'sweep', domid})));
	}

	/** What dom0 has by now. Without it nothing is judged. */
	take(latest: CurrentContext['latest']): void {
		const {areRulesNew, changed} = this.#current.take(latest);
		if (areRulesNew) {
			this.judgeAll();
		}
		for (const domid of changed.filter(each => this.trees.isKnown(each))) {
			this.trees.prepare(domid);
			this.#agenda.judgeDomain(domid);
		}
	}

	/** The next domain whose tree is to be read. */
	nextToAdopt(): number | undefined {
		return this.criteria && this.trees.next(domid => this.subjects.has(domid));
	}

	mayTalk(domid: number, about: number): boolean {
		return this.#current.mayTalk(domid, about);
	}

	/** What the domain's tree says, which was read because we did not know it. */
	adopt(domid: number, tree: Tree | undefined): void {
		if (tree === undefined || !this.subjects.has(domid)) {
			this.trees.fail(domid);

			return;
		}
		for (const [about, fromHost] of tree.fromHost) {
			const key = keyOf(domid, about);
			this.#pairWork.judge(key);
			this.#world.apply(this.pairs.adopt(key, domid, about, fromHost));
		}
		for (const [about, fromGuest] of tree.fromGuest) {
			const key = keyOf(domid, about);
			this.#pairWork.judge(key);
			this.pairs.hear(key, domid, fromGuest);
			this.#agenda.urgent.add(key);
		}
		this.trees.take(domid, tree.mentioned);
		this.trees.prepare(domid);
		this.#agenda.judgeDomain(domid);
	}

	/** Until there is nothing to do, or enough was done for now. */
	judgeAndPlan(isEnough: () => boolean): void {
		this.#pairWork.run(isEnough);
	}

	#leave(domid: number): void {
		this.trees.leave(domid);
		this.mending.forget(domid);
		this.#agenda.leave(domid);
		this.#pairWork.leave(domid);
		this.#world.nodes.forget(domid);
		for (const other of this.#world.inventory.domains.keys()) {
			const key = keyOf(domid, other);
			this.#agenda.forget(key);
			this.#failures.forget(key);
			this.#world.apply(this.pairs.leave(key, domid));
		}
	}

	/** What the domain was told is not known any more. */
	#reread(domid: number): void {
		this.trees.invalidate(domid);
		for (const other of this.#world.inventory.domains.keys()) {
			if (other !== domid) {
				this.pairs.forgetAnnounced(keyOf(domid, other), domid, 0);
			}
		}
	}
}
