// SPDX-License-Identifier: MIT

type Counts = {readonly sent: number; readonly received: number};

/** Bytes a second. */
type Rate = {readonly sending: number; readonly receiving: number};

export type Rates = {
	/** What the counters of this key say now, in seconds of any clock; answers how fast they grow. */
	of(key: string, counts: Counts, now: number): Rate;
	/** Forgets what was not asked for since `before`. */
	forget(before: number): void;
};

/** An end tells dom0 its counters every 5 s: over less, a steady stream would come and go. */
const span = 12;

const none: Rate = {sending: 0, receiving: 0};

export function createRates(): Rates {
	const seen = new Map<string, Array<Counts & {readonly at: number}>>();

	return {
		of(key, counts, now) {
			const all = seen.get(key) ?? [];
			const last = all.at(-1);
			/* A channel that begins anew counts from 0. */
			const isNew = last && (counts.sent < last.sent || counts.received < last.received);
			const recent = isNew ? [] : all.filter(({at}) => now - at <= span);
			recent.push({...counts, at: now});
			seen.set(key, recent);
			const [oldest] = recent;
			const seconds = oldest ? now - oldest.at : 0;
			if (!oldest || seconds <= 0) {
				return none;
			}

			return {
				sending: (counts.sent - oldest.sent) / seconds,
				receiving: (counts.received - oldest.received) / seconds,
			};
		},
		forget(before) {
			for (const [key, all] of seen) {
				if ((all.at(-1)?.at ?? 0) < before) {
					seen.delete(key);
				}
			}
		},
	};
}
