// SPDX-License-Identifier: MIT
import {createProblems, PolicyError} from './errors.ts';
import {explain} from './explain.ts';
import {policySchema} from './schema.ts';
import {toPolicy} from './to-policy.ts';
import type {Policy} from './types.ts';
import {readYaml} from './yaml.ts';

/** Larger than 10 000 rules with long names, small enough to read at once. */
export const maxFileBytes = 1024 * 1024;

/** One file's text to rules. `file` is what messages name, `name` what rules do. Throws PolicyError. */
export function parsePolicy(text: string | Uint8Array, file: string, name: string = file): Policy {
	const yaml = readYaml(decode(text, file), file);
	const result = policySchema.safeParse(yaml.value);

	if (!result.success) {
		const problems = createProblems(file);
		for (const issue of result.error.issues) {
			explain(issue, [], yaml, problems);
		}
		problems.throwIfAny();
		throw result.error;
	}

	return toPolicy(result.data, path => ({file: name, ...yaml.positionOf(path)}));
}

/** Text of UTF-8, as long as a file may be. Throws PolicyError. */
export function decode(input: string | Uint8Array, file: string): string {
	const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;

	if (bytes > maxFileBytes) {
		throw fileError(file, `expected at most ${maxFileBytes} bytes, got ${bytes}`);
	}
	if (typeof input === 'string') {
		return input;
	}

	try {
		return new TextDecoder('utf-8', {fatal: true}).decode(input);
	} catch (cause) {
		throw new PolicyError([{...badByte(input), file, where: 'file'}], {cause});
	}
}

/** Lossy decoding puts U+FFFD where the first bad byte stood (or where a true U+FFFD is: good enough). */
function badByte(input: Uint8Array): {line: number; column: number; message: string} {
	const before = new TextDecoder().decode(input).split('\uFFFD', 1)[0] ?? '';
	const lines = before.split('\n');

	return {
		line: lines.length,
		column: (lines.at(-1) ?? '').length + 1,
		message: 'expected UTF-8, got other bytes',
	};
}

export function fileError(file: string, message: string, options: ErrorOptions = {}): PolicyError {
	return new PolicyError([{file, line: 1, column: 1, where: 'file', message}], options);
}
