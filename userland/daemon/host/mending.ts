// SPDX-License-Identifier: MIT
import {describe, type Log} from '../log.ts';
import type {Clock} from '../clock.ts';
import type {Agenda} from './agenda.ts';
import type {DomainTrees} from './domain-trees.ts';
import {Failures} from './failures.ts';
import type {Inventory} from './inventory.ts';
import {domidsOf, keyOf, wrong} from './pair.ts';
import type {PairTable} from './pairs.ts';
import {withdraw} from './plan.ts';
import type {HostStep} from './steps.ts';

type Mender = {
	readonly clock: Clock;
	readonly log: Log;
	readonly inventory: Pick<Inventory, 'domains' | 'update'>;
	readonly trees: DomainTrees;
	readonly pairs: PairTable;
	readonly agenda: Pick<Agenda, 'planAt'>;
	readonly failures: Failures;
	apply(steps: readonly HostStep[]): void;
	reread(domid: number): void;
};

/** What follows where XenStore refuses a step: that domain's and that pair's trouble, and nobody else's. */
export class Mending {
	readonly #of: Mender;
	/** By domid, so that what ails one domain is logged once. */
	readonly #complaints: Failures;

	constructor(of: Mender) {
		this.#of = of;
		this.#complaints = new Failures(of.clock);
	}

	forget(domid: number): void {
		this.#complaints.forget(domid);
	}

	/** XenStore refused a step: what it is about may be half done, and is tried again later. */
	refused(step: HostStep, error: unknown): void {
		const {log, inventory, failures, trees} = this.#of;
		const [domid, peer] = endsOf(step);
		if (this.#complaints.add(domid)) {
			log.warn('write.refused', {
				...{domid, peer_domid: peer, step: step.kind},
				...describe(error),
			});
		}
		if (peer !== undefined) {
			failures.add(keyOf(domid, peer));
			this.#mend(keyOf(domid, peer), domid, step);
		} else if (inventory.domains.has(domid)) {
			inventory.update(domid, {host: undefined});
			trees.fail(domid);
			this.#of.reread(domid);
		}
	}

	/** Nothing half done may stand: both ends lose what they were told, and get it anew later. */
	#mend(key: number, domid: number, step: HostStep): void {
		const {inventory, trees, pairs, agenda, clock, failures, apply} = this.#of;
		const pair = pairs.get(key);
		if (pair === undefined) {
			/* What could not be taken back is found when the tree is read again. */
			if (inventory.domains.has(domid)) {
				trees.fail(domid);
				this.#of.reread(domid);
			}

			return;
		}
		for (const end of domidsOf(key)) {
			pairs.forgetAnnounced(key, end, wrong);
		}
		if (step.kind !== 'withdraw') {
			apply(withdraw(pair));
		}
		agenda.planAt(key, clock.now() + failures.dueIn(key));
	}
}

/** Whose tree it writes to, and about whom. */
function endsOf(step: HostStep): readonly [number, number | undefined] {
	switch (step.kind) {
		case 'prepare':
		case 'sweep':
			return [step.domid, undefined];
		case 'announce':
			return [step.to, step.peer];
		case 'withdraw':
			return [step.from, step.peer];
		default:
			return [step.to, step.from];
	}
}
