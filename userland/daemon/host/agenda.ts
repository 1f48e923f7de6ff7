// SPDX-License-Identifier: MIT
import {PairQueue} from './pair-queue.ts';
import {keyOf} from './pair.ts';
import {Queue} from './queue.ts';

/** Pairs that are to be judged or planned, in the order of how long they may wait. */
export class Agenda {
	/** Domains that changed: what is wrong about them is withdrawn before anything is announced. */
	readonly #changed = new Set<number>();
	/** Lower domids of the pairs that are to be judged because policy or dom0's rules changed. */
	readonly #rows = new Queue<number>();
	/** Of these, pairs that may have a channel. */
	readonly #first = new Queue<number>();
	#pairsOfChanged: Iterator<number> | undefined;
	#pairsOfRows: Iterator<number> | undefined;

	/** An end said something. */
	readonly urgent = new Queue<number>();
	readonly normal = new PairQueue();
	readonly #due = new Map<number, number>();

	readonly #domids: () => readonly number[];

	constructor(domids: () => readonly number[]) {
		this.#domids = domids;
	}

	judgeDomain(domid: number): void {
		this.#changed.add(domid);
	}

	/** What is under way goes on, and its beginning has its turn once more. */
	judgeAll(first: Iterable<number>): void {
		for (const key of first) {
			this.#first.add(key);
		}
		for (const domid of this.#domids()) {
			this.#rows.add(domid);
		}
	}

	leave(domid: number): void {
		this.#changed.delete(domid);
		this.#rows.delete(domid);
	}

	get hasChanged(): boolean {
		return this.#changed.size > 0 || this.#pairsOfChanged !== undefined;
	}

	get isEmpty(): boolean {
		const isJudged = !this.hasChanged && this.#rows.size + this.#first.size === 0;

		return isJudged && !this.#pairsOfRows && this.urgent.size + this.normal.size === 0;
	}

	/** The next pair to judge, undefined where there is none. */
	nextToJudge(): number | undefined {
		if (this.hasChanged) {
			this.#pairsOfChanged ??= this.#takeChanged();
			const {value, done} = this.#pairsOfChanged.next();
			if (!done) {
				return value;
			}
			this.#pairsOfChanged = undefined;

			return this.nextToJudge();
		}
		const first = this.#first.take();
		if (first !== undefined || (this.#rows.size === 0 && !this.#pairsOfRows)) {
			return first;
		}
		this.#pairsOfRows ??= this.#takeRow();
		const {value, done} = this.#pairsOfRows.next();
		if (!done) {
			return value;
		}
		this.#pairsOfRows = undefined;

		return this.nextToJudge();
	}

	planAt(key: number, at: number): void {
		this.#due.set(key, at);
	}

	forget(key: number): void {
		this.#due.delete(key);
	}

	/** Puts what is due among the urgent. Answers when the next is, if any. */
	takeDue(now: number): number | undefined {
		let next: number | undefined;

		for (const [key, at] of this.#due) {
			if (at <= now) {
				this.#due.delete(key);
				this.urgent.add(key);
			} else {
				next = Math.min(at, next ?? at);
			}
		}

		return next;
	}

	/** Of many that changed, each pair once. */
	*#takeChanged(): Generator<number, undefined> {
		const changed = [...this.#changed];
		const done = new Set<number>();
		this.#changed.clear();

		for (const domid of changed) {
			done.add(domid);
			for (const other of this.#domids()) {
				if (!done.has(other)) {
					yield keyOf(domid, other);
				}
			}
		}

		return undefined;
	}

	*#takeRow(): Generator<number, undefined> {
		const row = this.#rows.take();
		if (row === undefined) {
			return undefined;
		}

		for (const other of this.#domids()) {
			if (other > row) {
				yield keyOf(row, other);
			}
		}

		return undefined;
	}
}
