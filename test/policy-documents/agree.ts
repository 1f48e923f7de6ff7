// SPDX-License-Identifier: MIT
import {readFileSync} from 'node:fs';
import {z} from 'zod';
import {formatProblem, PolicyError} from '../../userland/policy/errors.ts';
import {parsePolicy} from '../../userland/policy/parse.ts';

export const schema = z.fromJSONSchema(JSON.parse(readFileSync('policy/schema.json', 'utf8')));

/** `LINE:COL: WHERE` of each problem. */
export function placesIn(text: string): string[] {
	try {
		parsePolicy(text, 'x.yaml');

		return [];
	} catch (error) {
		if (!(error instanceof PolicyError)) {
			throw error;
		}

		return error.problems.map(problem =>
			formatProblem(problem).replace(
				/^x\.yaml:(\d+:\d+): error: (.*?): expected .*$/s,
				'$1: $2',
			),
		);
	}
}

/** Do schema and parser say the same of it, and has each problem its place? `isValid`: the parser's word. */
export function compare(value: unknown): {readonly agree: boolean; readonly isValid: boolean} {
	const json = JSON.stringify(value, undefined, 1);
	const problems = placesIn(json);
	const isValid = problems.length === 0;
	const lines = json.split('\n').length;
	const places = problems.map(problem => Number(/^(\d+):\d+: \S/.exec(problem)?.[1]));
	const arePlaces = places.every(line => line >= 1 && line <= lines);

	return {isValid, agree: arePlaces && schema.safeParse(value).success === isValid};
}
