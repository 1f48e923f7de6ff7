// SPDX-License-Identifier: MIT
import {parseDeclined} from '../../xenstore/declined.ts';
import {parseOffer} from '../../xenstore/values.ts';
import type {Refusal} from '../refusal.ts';
import {PairMap} from './by-pair.ts';
import {Histories} from './histories.ts';
import {judgePair, type Criteria} from './judge.ts';
import {
	agreedEpoch,
	closeEnds,
	compareAnnounced,
	keyOf,
	openEnd,
	setAnnounced,
	sideOf,
	type wrong,
	type Pair,
} from './pair.ts';
import {adoptionSteps, beginPair, change, epochOf} from './pair-changes.ts';
import {planPair, record, withdraw} from './plan.ts';
import type {FromGuest, FromHost} from './read.ts';
import {isSame} from './same.ts';
import type {HostStep} from './steps.ts';
import type {Subject} from './subjects.ts';

/**
 * The pairs that may have a channel, and what passes in each. What a method answers are the steps that
 * make XenStore say so, which are taken as done.
 */
export class PairTable {
	readonly #pairs = new PairMap<Pair>();
	readonly #histories = new Histories();
	readonly #active = new Set<number>();
	#lastEpoch = 0;

	get size(): number {
		return this.#pairs.size;
	}

	/** Pairs in which an end said something, or was told so. */
	get active(): ReadonlySet<number> {
		return this.#active;
	}

	get(key: number): Pair | undefined {
		return this.#pairs.get(key);
	}

	keys(): Iterable<number> {
		return this.#pairs.keys();
	}

	/**
	 * Lower domid first. `isNew`: what the ends say is to be read; `isDue`: the pair is to be planned;
	 * `refusal`: why it may have no channel, or, `wasAllowed`, may no longer.
	 */
	judge(a: Subject, b: Subject, criteria: Criteria): Judged {
		const key = keyOf(a.domid, b.domid);
		const verdict = judgePair(a, b, criteria);
		const {refusal} = verdict;
		const pair = this.#pairs.get(key);

		if (refusal) {
			const steps = pair ? this.#drop(key, pair) : none;

			return {steps, isNew: false, isDue: false, refusal, wasAllowed: pair !== undefined};
		}
		if (pair === undefined) {
			this.#pairs.set(key, beginPair(verdict, this.#histories.take(key)));

			return {steps: none, isNew: true, isDue: true};
		}

		change(pair, verdict);
		const isDue = agreedEpoch(pair) === undefined || pair.isReworded;

		return {steps: none, isNew: false, isDue};
	}

	/** What an allowed pair needs now; steps, and in how many ms to ask again. */
	plan(key: number, now: number, unix: number): {steps: readonly HostStep[]; wait?: number} {
		const pair = this.#pairs.get(key);
		if (pair === undefined) {
			return {steps: none};
		}
		const {steps, history, wait} = planPair(pair, now, () => {
			this.#lastEpoch = Math.max(this.#lastEpoch + 1, unix);

			return this.#lastEpoch;
		});
		pair.history = this.#histories.share(history);
		steps.forEach(step => record(pair, step));
		this.#mark(key, pair);

		return wait === undefined ? {steps} : {steps, wait};
	}

	/** What one end says now. Answers whether that is new. */
	hear(key: number, domid: number, fromGuest: Partial<FromGuest>): boolean {
		const pair = this.#pairs.get(key);
		if (pair === undefined) {
			return false;
		}
		const side = sideOf(pair, domid);
		if (isSame({...pair.ends?.[side], ...fromGuest}, {...pair.ends?.[side]})) {
			return false;
		}
		Object.assign(openEnd(pair, side), fromGuest);
		closeEnds(pair);
		this.#mark(key, pair);

		return true;
	}

	/**
	 * What XenStore says that a domain was told about another, by whichever host role. Steps take back what
	 * may not stand.
	 */
	adopt(key: number, domid: number, about: number, fromHost: FromHost): readonly HostStep[] {
		const pair = this.#pairs.get(key);
		if (pair === undefined) {
			this.#lastEpoch = Math.max(this.#lastEpoch, epochOf(fromHost));

			return [{kind: 'withdraw', from: domid, peer: about, isBare: false}];
		}
		const side = sideOf(pair, domid);
		const compared = compareAnnounced(fromHost.peer, side, pair);
		this.#lastEpoch = Math.max(this.#lastEpoch, compared.epoch);
		setAnnounced(pair, side, compared.announced);
		pair.isReworded ||= compared.isReworded;
		const end = openEnd(pair, side);
		end.relayed = parseOffer(fromHost.offer ?? '');
		end.declinedBy = parseDeclined(fromHost.declined ?? '');
		const steps = adoptionSteps(fromHost, end.relayed, end.declinedBy, domid, about);
		closeEnds(pair);
		this.#mark(key, pair);

		return steps;
	}

	/** The domain may have been told anything, or nothing. */
	forgetAnnounced(key: number, domid: number, announced: 0 | typeof wrong): void {
		const pair = this.#pairs.get(key);
		if (pair === undefined) {
			return;
		}
		const side = sideOf(pair, domid);
		setAnnounced(pair, side, announced);
		Object.assign(openEnd(pair, side), {relayed: undefined, declinedBy: undefined});
		closeEnds(pair);
		this.#mark(key, pair);
	}

	/** One of the two is gone, and its tree with it: only the other is told. */
	leave(key: number, gone: number): readonly HostStep[] {
		const pair = this.#pairs.get(key);
		this.#histories.take(key);
		if (pair === undefined) {
			return none;
		}
		this.#pairs.delete(key);
		this.#active.delete(key);

		return withdraw(pair).filter(step => step.kind === 'withdraw' && step.from !== gone);
	}

	/** Drops what is remembered of pairs that are no more, where it makes no difference. */
	prune(now: number): void {
		this.#histories.prune(now);
	}

	#drop(key: number, pair: Pair): readonly HostStep[] {
		this.#pairs.delete(key);
		this.#active.delete(key);
		this.#histories.keep(key, pair.history);

		return withdraw(pair);
	}

	#mark(key: number, {ends}: Pair): void {
		if (ends) {
			this.#active.add(key);
		} else {
			this.#active.delete(key);
		}
	}
}

const none: readonly HostStep[] = [];

type Judged = {
	readonly steps: readonly HostStep[];
	readonly isNew: boolean;
	readonly isDue: boolean;
	readonly refusal?: Refusal;
	readonly wasAllowed?: boolean;
};
