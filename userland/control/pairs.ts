// SPDX-License-Identifier: MIT

/** What decides how much a pair matters to the person who lists all of them. */
export type Condition = {
	readonly state: string;
	readonly code: string | null;
	readonly reason: string | null;
};

/** How many pairs are listed; those with a live channel always are. */
export type Limits = {
	/** Until so many are listed, those that may have a channel are. */
	readonly open: number;
	/** Until so many are listed, those that are refused are. */
	readonly refused: number;
};

/** Fits a screen where little is allowed, and stays small where everything is. */
export const listLimits: Limits = {open: 200, refused: 20};

/** Pairs that were not listed. */
export type Left = {readonly open: number; readonly refused: number};

const firstRefused = 4;
const ranks = 6;

/** The lower, the more interesting. */
export function rankOf({state, code, reason}: Condition): number {
	if (state === 'live') {
		return 0;
	}
	/* An end declines what dom0 allows. */
	if (state !== 'refused' || code === 'declined') {
		return state === 'held' ? 3 : reason === null ? 2 : 1;
	}

	return code === 'rule' || code === 'rate' || code === 'mac' ? firstRefused : firstRefused + 1;
}

/** Chooses the most interesting of many pairs, which are added one by one; keeps no more than that. */
export function createChoice<T>({open, refused}: Limits) {
	const kept = Array.from({length: ranks}, (): Array<readonly [number, T]> => []);
	const counts = Array.from({length: ranks}, () => 0);
	let added = 0;

	return {
		add(pair: T, condition: Condition): void {
			const rank = rankOf(condition);
			const list = kept[rank] ?? [];
			const most = rank === 0 ? Infinity : rank < firstRefused ? open : refused;
			if (list.length < most) {
				list.push([added, pair]);
			}
			counts[rank] = (counts[rank] ?? 0) + 1;
			added += 1;
		},
		/** In the order in which they were added. */
		chosen(): {pairs: T[]; left: Left} {
			const chosen: Array<readonly [number, T]> = [];
			const left = {open: 0, refused: 0};
			for (const [rank, list] of kept.entries()) {
				const kind = rank < firstRefused ? 'open' : 'refused';
				const most = rank === 0 ? Infinity : kind === 'open' ? open : refused;
				const taken = list.slice(0, Math.max(0, most - chosen.length));
				chosen.push(...taken);
				left[kind] += (counts[rank] ?? 0) - taken.length;
			}

			return {pairs: chosen.sort(([a], [b]) => a - b).map(([, pair]) => pair), left};
		},
	};
}
