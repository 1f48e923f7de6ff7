// SPDX-License-Identifier: MIT

export type Verdict = 'ok' | 'warning' | 'error' | 'skipped';

export type Finding = {
	readonly verdict: Verdict;
	/** One sentence. */
	readonly says: string;
	/** What to do about it. */
	readonly remedy?: string;
};

export function ok(says: string): Finding {
	return {verdict: 'ok', says};
}

export function skipped(says: string): Finding {
	return {verdict: 'skipped', says};
}

export function warning(says: string, remedy: string): Finding {
	return {verdict: 'warning', says, remedy};
}

export function error(says: string, remedy: string): Finding {
	return {verdict: 'error', says, remedy};
}

export const noAnswer = skipped('coloopd does not answer');
