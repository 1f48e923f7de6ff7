// SPDX-License-Identifier: MIT
import type * as z from 'zod';
import {createProblems} from '../policy/errors.ts';
import {decode} from '../policy/parse.ts';
import {describe, formatKey, formatPath, readYaml, type Path} from '../policy/yaml.ts';

type Place = {readonly line: number; readonly column: number; readonly where: string};

type Parsed<T> = {readonly value: T; placeOf(path: Path): Place};

/**
 * A file of YAML as a schema has it, whose messages are the X of `expected X, got Y`. Throws PolicyError, with the place
 * of each thing that is wrong.
 */
export function parseDocument<T>(
	schema: z.ZodType<T>,
	text: string | Uint8Array,
	file: string,
): Parsed<T> {
	const yaml = readYaml(decode(text, file), file);
	const result = schema.safeParse(yaml.value);
	const problems = createProblems(file);
	const placeOf = (path: Path) => ({...yaml.positionOf(path), where: formatPath(path)});
	for (const issue of result.error?.issues ?? []) {
		if (issue.code === 'unrecognized_keys') {
			for (const key of issue.keys) {
				problems.add(() => ({
					...{...yaml.positionOfKey(issue.path, key), where: formatKey(key)},
					message: `expected a key that is known here, got ${formatKey(key)}`,
				}));
			}
		} else {
			const got = describe(valueAt(yaml.value, issue.path));
			problems.add(() => ({
				...{...placeOf(issue.path), message: `expected ${issue.message}, got ${got}`},
			}));
		}
	}
	problems.throwIfAny();

	return {value: result.data as T, placeOf};
}

function valueAt(value: unknown, path: Path): unknown {
	return path.reduce<unknown>(
		(here, step) =>
			typeof here === 'object' && here !== null && Object.hasOwn(here, step)
				? (here as Record<PropertyKey, unknown>)[step]
				: undefined,
		value,
	);
}
