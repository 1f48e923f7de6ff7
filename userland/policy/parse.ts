// SPDX-License-Identifier: MIT
import type * as z from 'zod';
import {createProblems, PolicyError, type Problems} from './errors.ts';
import {policySchema, type PairDocument, type PolicyDocument} from './schema.ts';
import {parsePrefix} from '../prefixes.ts';
import {parseRate} from './rate.ts';
import type {AcceptRule, LimitsRule, PairRule, Policy, RuleSource, Who} from './types.ts';
import {describe, formatKey, formatPath, readYaml, type Path, type PlainDocument} from './yaml.ts';

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

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, base: Path, yaml: PlainDocument, problems: Problems): void {
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

function unknownKey(path: Path, key: string, value: unknown): string {
	if (path.length === 0) {
		return `expected version, include, pairs, accept, tags, limits, host_silence_s or memory_mib, got ${formatKey(key)}`;
	}
	if (path[0] === 'limits' && path.length === 2) {
		return `expected only domain, addresses, rate and guards here, got ${formatKey(key)}`;
	}
	if (isRecord(value) && !('allow' in value || 'deny' in value)) {
		return `expected one key here, got ${formatKey(key)} too`;
	}
	const known = isRecord(value) && 'allow' in value ? allowKeys(path) : 'deny';

	return `expected only ${known} in this rule, got ${formatKey(key)}`;
}

const ruleKeys = 'allow, ring_pages, ring_pages_min, queues, idle_timeout_s, on_demand';

function allowKeys(path: Path): string {
	return path[0] === 'accept' ? `${ruleKeys}, mode and busy_poll_us` : `${ruleKeys} and mode`;
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

function toPolicy(document: PolicyDocument, sourceOf: (path: Path) => RuleSource): Policy {
	const pairs = (document.pairs ?? []).map((rule, index): PairRule => {
		const source = sourceOf(['pairs', index]);

		return 'allow' in rule
			? {action: 'allow', between: bothOf(rule.allow), ...optionsOf(rule), source}
			: {action: 'deny', between: bothOf(rule.deny), ...optionsOf({}), source};
	});
	const accept = (document.accept ?? []).map((rule, index): AcceptRule => {
		const source = sourceOf(['accept', index]);

		return 'allow' in rule
			? {
					...{action: 'allow', peer: whoOf(rule.allow), ...optionsOf(rule)},
					...{busyPollUs: rule.busy_poll_us, source},
				}
			: {
					action: 'deny',
					peer: whoOf(rule.deny),
					...optionsOf({}),
					busyPollUs: undefined,
					source,
				};
	});

	const seconds = document.host_silence_s;
	const hostSilence =
		seconds === undefined ? undefined : {seconds, source: sourceOf(['host_silence_s'])};

	const mib = document.memory_mib;
	const memory = mib === undefined ? undefined : {mib, source: sourceOf(['memory_mib'])};
	const tags = Object.entries(document.tags ?? {}).map(([tag, members]) => ({
		...{tag, members: members.map(whoOf)},
		source: sourceOf(['tags', tag]),
	}));

	const includes = (document.include ?? []).map((path, index) => ({
		...{path, source: sourceOf(['include', index])},
	}));
	const limits = (document.limits ?? []).map((rule, index): LimitsRule => ({
		...{action: 'deny', domain: whoOf(rule.domain)},
		limits: {
			rate: rule.rate === undefined ? undefined : parseRate(rule.rate),
			addresses: rule.addresses?.flatMap(text => parsePrefix(text) ?? []),
			guards: [...new Set(rule.guards)],
		},
		source: sourceOf(['limits', index]),
	}));

	return {
		...{pairs, accept, hostSilence},
		...(memory && {memory}),
		...(tags.length > 0 && {tags}),
		...(includes.length > 0 && {includes}),
		...(limits.length > 0 && {limits}),
	};
}

function bothOf([one, other]: readonly [Who, Who]): [Who, Who] {
	return [whoOf(one), whoOf(other)];
}

function whoOf(who: Who): Who {
	return typeof who === 'object' && 'uuid' in who ? {uuid: who.uuid.toLowerCase()} : who;
}

type Options = Partial<Omit<Extract<PairDocument, {readonly allow: unknown}>, 'allow'>>;

function optionsOf(rule: Options) {
	const {idle_timeout_s: idleTimeoutS, on_demand: onDemand, mode} = rule;

	return {
		ringPages: rule.ring_pages,
		ringPagesMin: rule.ring_pages_min,
		queues: rule.queues,
		...(idleTimeoutS !== undefined && {idleTimeoutS}),
		...(onDemand !== undefined && {isOnDemand: onDemand === true || onDemand === 'yes'}),
		...(mode !== undefined && {isAudit: mode === 'audit'}),
	};
}
