// SPDX-License-Identifier: MIT
import type {Clock} from '../clock.ts';
import type {Log} from '../log.ts';
import type {Agenda} from './agenda.ts';
import type {CurrentCriteria} from './current-criteria.ts';
import type {DomainTrees} from './domain-trees.ts';
import type {Failures} from './failures.ts';
import type {Hearing} from './hearing.ts';
import {highOf, lowOf} from './pair.ts';
import type {PairTable} from './pairs.ts';
import type {HostStep} from './steps.ts';
import {ToldRefusals} from './told-refusals.ts';

type Options = {
	readonly clock: Clock;
	readonly log: Log;
	readonly current: CurrentCriteria;
	readonly pairs: PairTable;
	readonly trees: DomainTrees;
	readonly agenda: Agenda;
	readonly failures: Failures;
	readonly hearing: Pick<Hearing, 'ask'>;
	apply(steps: readonly HostStep[]): void;
};

/** So many pairs take some microseconds, or, where each has dom0's rules walked, some milliseconds. */
const untilClock = 4;

/** Judges and plans pairs, in the order in which the agenda has them. */
export class PairWork {
	readonly #to: Options;
	readonly #told = new ToldRefusals();
	#nextDue: number | undefined;

	constructor(options: Options) {
		this.#to = options;
	}

	/** When a pair that waits is to be planned, in ms. */
	dueIn(now: number): number | undefined {
		return this.#nextDue === undefined ? undefined : this.#nextDue - now;
	}

	/** Until there is nothing to do, or enough was done for now. */
	run(isEnough: () => boolean): void {
		const {clock, pairs, agenda, current} = this.#to;
		const [now, unix] = [clock.now(), clock.unix()];
		pairs.prune(now);
		this.#nextDue = agenda.takeDue(now);
		for (let done = 0; current.criteria; done++) {
			if (done % untilClock === 0 && isEnough()) {
				return;
			}
			const key = this.#nextToPlan();
			if (key !== undefined) {
				/* Judged again when the other end has been read: until then its silence says nothing. */
				if (!this.#areRead(key)) {
					continue;
				}
				this.#plan(key, now, unix);
				continue;
			}
			const next = agenda.nextToJudge();
			if (next === undefined) {
				return;
			}
			if (this.#areRead(next)) {
				this.judge(next);
			}
		}
	}

	#nextToPlan(): number | undefined {
		const {agenda, trees} = this.#to;
		const {urgent, normal, hasChanged} = agenda;

		return urgent.take() ?? (hasChanged || trees.hasUnknown ? undefined : normal.take());
	}

	#plan(key: number, now: number, unix: number): void {
		const {trees, pairs, failures, agenda, apply} = this.#to;
		if (!trees.isReady(lowOf(key)) || !trees.isReady(highOf(key))) {
			return;
		}
		const held = failures.dueIn(key);
		const {steps, wait} = held > 0 ? {steps: [], wait: held} : pairs.plan(key, now, unix);
		apply(steps);
		if (wait !== undefined) {
			agenda.planAt(key, now + wait);
			this.#nextDue = Math.min(now + wait, this.#nextDue ?? Infinity);
		}
	}

	leave(domid: number): void {
		this.#told.leave(domid);
	}

	/** What both ends say, and were told, is known. */
	#areRead(key: number): boolean {
		const {trees} = this.#to;

		return trees.isKnown(lowOf(key)) && trees.isKnown(highOf(key));
	}

	judge(key: number): void {
		const {current, pairs, log, agenda, hearing, apply} = this.#to;
		const {subjects, criteria} = current;
		const a = subjects.get(lowOf(key));
		const b = subjects.get(highOf(key));
		if (!a || !b || a === b || !criteria) {
			return;
		}
		const {steps, isNew, isDue, refusal, wasAllowed = false} = pairs.judge(a, b, criteria);
		if (refusal === undefined) {
			this.#told.forget(key);
		} else if (this.#told.take(key, refusal, wasAllowed)) {
			log.info('pair.refused', {domid: a.domid, peer_domid: b.domid, ...refusal});
		}
		apply(steps);
		if (isDue) {
			agenda.normal.add(key);
		}
		if (isNew) {
			hearing.ask(a.domid, b.domid);
			hearing.ask(b.domid, a.domid);
		}
	}
}
