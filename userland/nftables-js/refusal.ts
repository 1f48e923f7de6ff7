// SPDX-License-Identifier: MIT
import {NftablesError, type NftErrorCode, type NftProblem} from './error.ts';

/** Strerror's texts of errors, each with its name: `{'No such file or directory': 'ENOENT'}`. */
type ErrorNames = {readonly [text: string]: string};

/**
 * What the library wrote of its errors (erec_print() of nftables' src/erec.c), as one error. Its message is that text, but for
 * the place that stands for no place.
 */
export function refusalOf(written: string, names: ErrorNames): NftablesError {
	const text = written
		.replaceAll('internal:0:0-0: ', '')
		.replace(/\n{2,}/g, '\n')
		.trim();
	const problems = [...text.matchAll(problemForm)].map(match => problemOf(match, names));
	const command = /^Error: Parsing command array at index (\d+) failed\.$/m.exec(text)?.[1];

	return new NftablesError(problems[0]?.code ?? 'INVALID', text, {
		problems,
		command: command === undefined ? undefined : Number(command),
	});
}

const problemForm = /^(?:(\d+):(\d+)-(\d+): )?Error: (.*)$/gm;

function problemOf(
	[, line, column, lastColumn, text = '']: RegExpMatchArray,
	names: ErrorNames,
): NftProblem {
	return {
		code: codeOf(text, names),
		text,
		position:
			line === undefined
				? undefined
				: {line: Number(line), column: Number(column), lastColumn: Number(lastColumn)},
	};
}

/** `Could not process rule: No such file or directory; did you mean ...?`, `... not permitted (you must be root)`. */
function codeOf(text: string, names: ErrorNames): NftErrorCode {
	const last =
		text
			.split(/; did you mean| \(/, 1)[0]
			?.split(': ')
			.at(-1) ?? '';
	const name = Object.hasOwn(names, last) ? names[last] : undefined;

	return name?.startsWith('E') ? `E${name.slice(1)}` : 'INVALID';
}
