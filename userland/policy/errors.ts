// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';

/** One thing wrong with one place of one policy file; lines and columns count from 1. */
export type PolicyProblem = {
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

	constructor(problems: readonly PolicyProblem[], options: ErrorOptions = {}) {
		super('POLICY', summarise(problems), {
			...options,
			hint: 'see the policy manual, policy/README.md',
		});
		this.problems = problems;
	}
}

/** The form that editors and compilers share, so that a click leads to the place. */
export function formatProblem({file, line, column, where, message}: PolicyProblem): string {
	return `${file}:${line}:${column}: error: ${where}: ${message}`;
}

/** A broken megabyte must not become a log line of many megabytes. */
const linesInMessage = 20;

function summarise(problems: readonly PolicyProblem[]): string {
	const lines = problems.slice(0, linesInMessage).map(formatProblem);
	const rest = problems.length - lines.length;

	return [...lines, ...(rest > 0 ? [`... and ${rest} more`] : [])].join('\n');
}
