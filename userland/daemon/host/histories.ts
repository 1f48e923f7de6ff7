// SPDX-License-Identifier: MIT
import {isForgettable, type EpochHistory} from './epochs.ts';

/** What is remembered of the epochs of pairs, though they may not have a channel now. */
export class Histories {
	readonly #kept = new Map<number, EpochHistory>();
	#last: EpochHistory | undefined;

	/** Of a pair that may not have a channel any more. */
	keep(key: number, history: EpochHistory | undefined): void {
		if (history) {
			this.#kept.set(key, history);
		}
	}

	/** Of one that may again. */
	take(key: number): EpochHistory | undefined {
		const history = this.#kept.get(key);
		this.#kept.delete(key);

		return history;
	}

	/** Drops what makes no difference any more. */
	prune(now: number): void {
		for (const [key, history] of this.#kept) {
			if (isForgettable(history, now)) {
				this.#kept.delete(key);
			}
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
