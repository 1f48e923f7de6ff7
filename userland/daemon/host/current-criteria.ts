// SPDX-License-Identifier: MIT
import type {CurrentContext} from './current-context.ts';
import type {Inventory} from './inventory.ts';
import {judgePair, type Criteria} from './judge.ts';
import {highOf, keyOf, lowOf} from './pair.ts';
import {createSubjects, onlyCovered, type Subject} from './subjects.ts';

type CriteriaWorld = Pick<Criteria, 'decide' | 'isHeld' | 'limitsOf'> & {
	readonly inventory: Pick<Inventory, 'domains'>;
};

/** By what pairs are judged now: what dom0 has, and each domain with all that matters of it. */
export class CurrentCriteria {
	/** By domid, in order. */
	subjects: ReadonlyMap<number, Subject> = new Map();
	/** Undefined before dom0 has been read: then nothing is judged. */
	criteria: Criteria | undefined;
	readonly #world: CriteriaWorld;
	readonly #renewer = createSubjects();
	#latest: CurrentContext['latest'];
	#areSubjectsStale = false;

	constructor(world: CriteriaWorld) {
		this.#world = world;
	}

	/** Domains came, went, or are otherwise. */
	invalidate(): void {
		this.#areSubjectsStale = true;
	}

	/** What dom0 has by now. Answers what is to be judged anew: all, and the pairs of which domains. */
	take(latest: CurrentContext['latest']): {areRulesNew: boolean; changed: readonly number[]} {
		let areRulesNew = false;

		if (latest !== undefined && latest !== this.#latest) {
			areRulesNew = this.#latest?.context.bypassed !== latest.context.bypassed;
			const {decide, isHeld, limitsOf} = this.#world;
			this.#latest = latest;
			this.#areSubjectsStale = true;
			this.criteria = {...latest.context, decide, isHeld, limitsOf};
		}

		return {areRulesNew, changed: this.criteria ? this.#renewSubjects(this.criteria) : []};
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

	/** Answers those that are to be judged otherwise. */
	#renewSubjects({topology}: Criteria): readonly number[] {
		if (!this.#areSubjectsStale) {
			return [];
		}
		this.#areSubjectsStale = false;
		const before = this.subjects;
		const domains = [...this.#world.inventory.domains.values()];
		const covered = onlyCovered(domains, this.#latest?.vifs ?? new Set());
		this.subjects = this.#renewer.renew(covered, topology);

		return [...this.subjects.values()]
			.filter(({domid, text}) => before.get(domid)?.text !== text)
			.map(({domid}) => domid);
	}
}
