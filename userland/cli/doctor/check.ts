// SPDX-License-Identifier: MIT
import type {Status} from '../../control/protocol.ts';
import type {ColoopError} from '../../errors.ts';
import type {System} from '../system.ts';

export type Verdict = 'ok' | 'warning' | 'error' | 'skipped';

export type Finding = {
	readonly verdict: Verdict;
	/** One sentence. */
	readonly says: string;
	/** What to do about it. */
	readonly remedy?: string;
};

/** What checks go by. */
export type Evidence = {
	readonly system: System;
	/** Undefined where the daemon does not answer, for which `failure` is why. */
	readonly status: Status | undefined;
	readonly failure: ColoopError | undefined;
	readonly isDom0: boolean;
	/** Seconds since 1970. */
	readonly now: number;
};

export type Check = {
	readonly name: string;
	/** What is looked at, for the manual. */
	readonly reads: string;
	readonly look: (evidence: Evidence) => Promise<Finding> | Finding;
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

/** A file's first line, without blanks around it; undefined where there is none. */
export async function line(system: System, path: string): Promise<string | undefined> {
	return (await system.read(path))?.split('\n', 1)[0]?.trim();
}

/** `a, b, c and 4 more` */
export function some(words: readonly string[], most = 3): string {
	const more = words.length - most;
	const shown = words.slice(0, most).join(', ');

	return more > 0 ? `${shown} and ${more} more` : shown;
}

/** `1 pair`, `2 pairs` */
export function count(number: number, what: string): string {
	return `${number} ${what}${number === 1 ? '' : 's'}`;
}
