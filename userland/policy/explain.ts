// SPDX-License-Identifier: MIT
import type * as z from 'zod';
import type {Problems} from './errors.ts';
import {describe, formatKey, formatPath, type Path, type PlainDocument} from './yaml.ts';

type Issue = z.core.$ZodIssue;

/** What the schema found wrong below `base`, as problems with their places. */
export function explain(issue: Issue, base: Path, yaml: PlainDocument, problems: Problems): void {
	const path = [...base, ...issue.path];
	const value = valueAt(yaml.value, path);

	const branch = issue.code === 'invalid_union' ? branchOf(path, value) : -1;
	if (issue.code === 'invalid_union' && branch >= 0 && branch < issue.errors.length) {
		for (const inner of issue.errors[branch] ?? []) {
			explain(inner, path, yaml, problems);
		}
	} else if (issue.code === 'invalid_key') {
		const [inner] = issue.issues;
		const key = String(issue.path.at(-1));
		problems.add(() => ({
			...yaml.positionOfKey(path.slice(0, -1), key),
			where: formatPath(path),
			message: `expected ${inner?.message ?? 'a tag'}, got ${describe(key)}`,
		}));
	} else if (issue.code === 'unrecognized_keys') {
		for (const key of issue.keys) {
			problems.add(() => ({
				...yaml.positionOfKey(path, key),
				where: formatPath([...path, key]),
				message: unknownKey(path, key, value),
			}));
		}
	} else {
		problems.add(() => ({
			...yaml.positionOf(path),
			where: formatPath(path),
			message: `expected ${issue.message}, got ${describe(value)}`,
		}));
	}
}

/** Which form of a rule, or of whom it names, is meant: by its place in the union of schema.ts. */
function branchOf(path: Path, value: unknown): number {
	if (!isRecord(value)) {
		return typeof value === 'string' ? 0 : -1;
	}
	const isRule = path.length === 2 && path[0] !== 'tags';
	const forms = isRule ? ['allow', 'deny'] : ['', 'name', 'uuid', 'tag'];

	return forms.findIndex(key => Object.hasOwn(value, key));
}

function isSelector(path: Path): boolean {
	return path.length === 4 && (path[2] === 'only' || path[2] === 'except');
}

function unknownKey(path: Path, key: string, value: unknown): string {
	if (path.length === 0) {
		return `expected version, include, pairs, accept, tags, limits, host_silence_s or memory_mib, got ${formatKey(key)}`;
	}
	if (path[0] === 'limits' && path.length === 2) {
		return `expected only domain, addresses, rate and guards here, got ${formatKey(key)}`;
	}
	if (isSelector(path)) {
		return `expected only proto, addresses, ports, from and to here, got ${formatKey(key)}`;
	}
	if (isSelector(path.slice(0, -1))) {
		return `expected only addresses and ports here, got ${formatKey(key)}`;
	}
	if (isRecord(value) && !('allow' in value || 'deny' in value)) {
		return `expected one key here, got ${formatKey(key)} too`;
	}
	const known = isRecord(value) && 'allow' in value ? allowKeys(path) : 'deny';

	return `expected only ${known} in this rule, got ${formatKey(key)}`;
}

const ruleKeys =
	'allow, ring_pages, ring_pages_min, queues, idle_timeout_s, on_demand, only, except';

function allowKeys(path: Path): string {
	return path[0] === 'accept'
		? `${ruleKeys}, mode, busy_poll_us and frag_pages`
		: `${ruleKeys} and mode`;
}

function valueAt(value: unknown, path: Path): unknown {
	let here = value;

	for (const step of path) {
		if (!isRecord(here) || !Object.hasOwn(here, step)) {
			return undefined;
		}
		here = here[step];
	}

	return here;
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
	return typeof value === 'object' && value !== null;
}
