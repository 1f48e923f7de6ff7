// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';
import type {Log} from '../log.ts';
import {Agenda} from './agenda.ts';
import type {CurrentContext} from './current-context.ts';
import {DomainTrees} from './domain-trees.ts';
import {Failures} from './failures.ts';
import type {GuestNodes} from './guest-nodes.ts';
import {Hearing} from './hearing.ts';
import type {Changes, Inventory} from './inventory.ts';
import {judgePair, type Criteria} from './judge.ts';
import {highOf, keyOf, lowOf} from './pair.ts';
import {PairTable} from './pairs.ts';
import {Mending} from './mending.ts';
import type {HostStep} from './steps.ts';
import {createSubjects, onlyCovered, type Subject} from './subjects.ts';
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
	subjects: ReadonlyMap<number, Subject> = new Map();
	criteria: Criteria | undefined;
	readonly #world: WorkWorld;
	readonly #agenda = new Agenda(() => this.trees.domids);
	readonly #failures: Failures;
	readonly #renewer = createSubjects();
	#latest: CurrentContext['latest'];
	#areSubjectsStale = false;
	#nextDue: number | undefined;

	constructor(world: WorkWorld) {
		this.#world = world;
		this.#failures = new Failures(world.clock);
		this.trees = new DomainTrees({...world, failures: this.#failures});
		const shared = {
			...world,
			...{trees: this.trees, pairs: this.pairs, agenda: this.#agenda},
			reread: (domid: number) => this.#reread(domid),
		};
		this.hearing = new Hearing({...shared, renew: () => (this.#areSubjectsStale = true)});
		this.mending = new Mending({...shared, failures: this.#failures});
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
		const pairsDue = this.#nextDue === undefined ? undefined : this.#nextDue - now;
		const waits = [treesDue, pairsDue].filter(wait => wait !== undefined);

		return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
	}

	judgeAll(): void {
		this.#agenda.judgeAll(this.pairs.active);
	}

	change({entered, left, changed, leftovers}: Changes): void {
		this.#areSubjectsStale ||= entered.length + left.length + changed.length > 0;
		left.forEach(domid => this.#leave(domid));
		entered.forEach(domid => this.trees.invalidate(domid));
		changed.filter(domid => this.trees.isReplaced(domid)).forEach(domid => this.#reread(domid));
		this.#world.apply(leftovers.map(domid => ({kind: 'sweep', domid})));
	}

	/** What dom0 has by now. Without it nothing is judged. */
	take(latest: CurrentContext['latest']): void {
		if (latest !== undefined && latest !== this.#latest) {
			const before = this.#latest?.context.bypassed;
			const {decide, isHeld, limitsOf} = this.#world;
			this.#latest = latest;
			this.#areSubjectsStale = true;
			this.criteria = {...latest.context, decide, isHeld, limitsOf};
			if (before !== latest.context.bypassed) {
				this.judgeAll();
			}
		}
		if (this.criteria && this.#areSubjectsStale) {
			this.#areSubjectsStale = false;
			this.#renewSubjects(this.criteria);
		}
	}

	/** The next domain whose tree is to be read. */
	nextToAdopt(): number | undefined {
		return this.criteria && this.trees.next(domid => this.subjects.has(domid));
	}

	mayTalk(domid: number, about: number): boolean {
		const key = keyOf(domid, about);
		const a = this.subjects.get(lowOf(key));
		const b = this.subjects.get(highOf(key));
		const {criteria} = this;

		return (
			domid !== about &&
			a !== undefined &&
			b !== undefined &&
			criteria !== undefined &&
			judgePair(a, b, criteria).refusal === undefined
		);
	}

	/** What the domain's tree says, which was read because we did not know it. */
	adopt(domid: number, tree: Tree | undefined): void {
		if (tree === undefined || !this.subjects.has(domid)) {
			this.trees.fail(domid);

			return;
		}
		for (const [about, fromHost] of tree.fromHost) {
			const key = keyOf(domid, about);
			this.#judge(key);
			this.#world.apply(this.pairs.adopt(key, domid, about, fromHost));
		}
		for (const [about, fromGuest] of tree.fromGuest) {
			const key = keyOf(domid, about);
			this.#judge(key);
			this.pairs.hear(key, domid, fromGuest);
			this.#agenda.urgent.add(key);
		}
		this.trees.take(domid, tree.mentioned);
		this.trees.prepare(domid);
		this.#agenda.judgeDomain(domid);
	}

	/** Until there is nothing to do, or enough was done for now. */
	judgeAndPlan(isEnough: () => boolean): void {
		const {clock} = this.#world;
		const [now, unix] = [clock.now(), clock.unix()];
		this.pairs.prune(now);
		this.#nextDue = this.#agenda.takeDue(now);
		while (this.criteria && !isEnough()) {
			const key = this.#nextToPlan();
			if (key !== undefined) {
				/* Judged again when the other end has been read: until then its silence says nothing. */
				if (!this.#areRead(key)) {
					continue;
				}
				this.#plan(key, now, unix);
				continue;
			}
			const next = this.#agenda.nextToJudge();
			if (next === undefined) {
				return;
			}
			if (this.#areRead(next)) {
				this.#judge(next);
			}
		}
	}

	#nextToPlan(): number | undefined {
		const {urgent, normal, hasChanged} = this.#agenda;

		return urgent.take() ?? (hasChanged || this.trees.hasUnknown ? undefined : normal.take());
	}

	#plan(key: number, now: number, unix: number): void {
		if (!this.trees.isReady(lowOf(key)) || !this.trees.isReady(highOf(key))) {
			return;
		}
		const held = this.#failures.dueIn(key);
		const {steps, wait} = held > 0 ? {steps: [], wait: held} : this.pairs.plan(key, now, unix);
		this.#world.apply(steps);
		if (wait !== undefined) {
			this.#agenda.planAt(key, now + wait);
			this.#nextDue = Math.min(now + wait, this.#nextDue ?? Infinity);
		}
	}

	/** What both ends say, and were told, is known. */
	#areRead(key: number): boolean {
		return this.trees.isKnown(lowOf(key)) && this.trees.isKnown(highOf(key));
	}

	#judge(key: number): void {
		const a = this.subjects.get(lowOf(key));
		const b = this.subjects.get(highOf(key));
		if (!a || !b || a === b || !this.criteria) {
			return;
		}
		const {steps, isNew, isDue, refusal} = this.pairs.judge(a, b, this.criteria);
		if (refusal) {
			this.#world.log.info('pair.refused', {domid: a.domid, peer_domid: b.domid, ...refusal});
		}
		this.#world.apply(steps);
		if (isDue) {
			this.#agenda.normal.add(key);
		}
		if (isNew) {
			this.hearing.ask(a.domid, b.domid);
			this.hearing.ask(b.domid, a.domid);
		}
	}

	#leave(domid: number): void {
		this.trees.leave(domid);
		this.mending.forget(domid);
		this.#agenda.leave(domid);
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

	#renewSubjects(criteria: Criteria): void {
		const before = this.subjects;
		const domains = [...this.#world.inventory.domains.values()];
		const covered = onlyCovered(domains, this.#latest?.vifs ?? new Set());
		this.subjects = this.#renewer.renew(covered, criteria.topology);
		for (const [domid, {text}] of this.subjects) {
			if (before.get(domid)?.text !== text && this.trees.isKnown(domid)) {
				this.trees.prepare(domid);
				this.#agenda.judgeDomain(domid);
			}
		}
	}
}
