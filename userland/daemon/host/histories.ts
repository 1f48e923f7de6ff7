// SPDX-License-Identifier: MIT
import {PairMap} from './by-pair.ts';
import {forgettableAfter, type EpochHistory} from './epochs.ts';

/**
 * What is remembered of the epochs of pairs, though they may not have a channel now. After `forgettableAfter` it makes no
 * difference. A new policy may leave half a million of them, so they are not looked through: what was kept
 * before the last turn goes at the next.
 */
export class Histories {
	#kept = new PairMap<EpochHistory>();
	#older = new PairMap<EpochHistory>();
	#turnedAt = 0;
	#last: EpochHistory | undefined;

	/** Of a pair that may not have a channel any more. */
	keep(key: number, history: EpochHistory | undefined): void {
		if (history) {
			this.#kept.set(key, history);
		}
	}

	/** Of one that may again. */
	take(key: number): EpochHistory | undefined {
		if (this.#kept.size + this.#older.size === 0) {
			return undefined;
		}
		const history = this.#kept.get(key) ?? this.#older.get(key);
		this.#kept.delete(key);
		this.#older.delete(key);

		return history;
	}

	/** Drops what makes no difference any more. */
	prune(now: number): void {
		if (now - this.#turnedAt >= forgettableAfter) {
			this.#older = this.#kept;
			this.#kept = new PairMap();
			this.#turnedAt = now;
		}
	}

	/** The same object for all pairs that begin at the same time. */
	share(history: EpochHistory): EpochHistory {
		const last = this.#last;
		const isSame =
			last?.givenAt === history.givenAt &&
			last?.firstOfferAt === history.firstOfferAt &&
			last?.endedAt === history.endedAt &&
			last?.delay === history.delay;
		if (last && isSame) {
			return last;
		}
		this.#last = history;

		return history;
	}
}
