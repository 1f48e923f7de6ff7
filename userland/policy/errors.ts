// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';

/** One thing wrong with one place of one policy file; lines and columns count from 1. */
type PolicyProblem = {
	readonly file: string;
	readonly line: number;
	readonly column: number;
	/** The value's path, e.g. `pairs[4].ring_pages`, or `yaml` for the syntax, `file` for the file. */
	readonly where: string;
	/** `expected X, got Y`. */
	readonly message: string;
};

/** Everything wrong with a file at once: a person mends it in one go. */
export class PolicyError extends ColoopError {
	readonly problems: readonly PolicyProblem[];
	/** How many there are besides. */
	readonly more: number;

	constructor(problems: readonly PolicyProblem[], options: ErrorOptions & {more?: number} = {}) {
		super('POLICY', summarise(problems, options.more ?? 0), {
			...options,
			hint: 'see the policy manual, policy/README.md',
		});
		this.problems = problems;
		this.more = options.more ?? 0;
	}
}

/** The form that editors and compilers share, so that a click leads to the place. */
export function formatProblem({file, line, column, where, message}: PolicyProblem): string {
	return `${file}:${line}:${column}: error: ${where}: ${message}`;
}

export function formatWarning({file, line, column, where, message}: PolicyProblem): string {
	return `${file}:${line}:${column}: warning: ${where}: ${message}`;
}

/** What is wrong with a file so far. */
export type Problems = {
	/** Only those that are shown are worked out. */
	add(problem: () => Omit<PolicyProblem, 'file'>): void;
	throwIfAny(): void;
};

/** A broken megabyte must become neither a log line of megabytes nor the work of making one. */
export const shownMost = 20;

export function createProblems(file: string): Problems {
	const shown: PolicyProblem[] = [];
	let more = 0;

	return {
		add(problem) {
			if (shown.length < shownMost) {
				shown.push({file, ...problem()});
			} else {
				more++;
			}
		},
		throwIfAny() {
			if (shown.length > 0) {
				throw new PolicyError(shown, {more});
			}
		},
	};
}

function summarise(problems: readonly PolicyProblem[], more: number): string {
	return [...problems.map(formatProblem), ...(more > 0 ? [`... and ${more} more`] : [])].join(
		'\n',
	);
}
