// SPDX-License-Identifier: MIT
import {dom0Name, domainName} from '../domain-name.ts';
import {nameProblem, printable} from '../names.ts';
import {formatWarning} from './errors.ts';
import {hiddenRules} from './hidden.ts';
import {ruleName} from './rule-name.ts';
import type {AcceptRule, NamePattern, PairRule, Policy} from './types.ts';

/** Where a policy is in force. */
export type Side = 'dom0' | 'guest';

/** A broken megabyte's worth of them helps nobody. */
const shownMost = 20;

/**
 * Lines about rules that are well formed and surely not what was meant: `file:line:col: warning: ...`.
 * `side` is undefined where nobody knows, as before it is installed; `pathOf` gives the path of a file that rules name.
 */
export function policyWarnings(
	policy: Policy,
	side: Side | undefined,
	pathOf: (file: string) => string = file => file,
): string[] {
	const {pairs, accept} = policy;
	const lines: string[] = [];
	const warn = (rule: PairRule | AcceptRule, where: string, message: string) =>
		lines.push(formatWarning({...rule.source, file: pathOf(rule.source.file), where, message}));

	const [first] = pairs;
	if (first && side === 'guest') {
		warn(first, 'pairs', 'rules for pairs are read in dom0 only, and this is a guest');
	}
	const seen = new Map<string, NamePattern>();
	for (const [where, rule, pattern] of patternsOf(policy)) {
		const problem = mistaken(pattern) ?? lookalike(pattern, seen);
		if (problem !== undefined) {
			warn(rule, where, `${shown(pattern)} ${problem}`);
		}
	}
	const hidden = [
		...hiddenRules(pairs, ({between}) => between).map(each => ['pairs', ...each] as const),
		...hiddenRules(accept, ({peer}) => [peer, peer]).map(each => ['accept', ...each] as const),
	];
	for (const [where, rule, by] of hidden) {
		warn(rule, where, `${ruleName(by)} comes first and decides all that this rule names`);
	}
	const rest = lines.length - shownMost;

	return rest > 0 ? [...lines.slice(0, shownMost), `... and ${rest} more warnings`] : lines;
}

/** The same about each `host_silence_s` of a directory but the first, which counts. `policies`: one per file. */
export function hiddenSilences(
	policies: readonly Policy[],
	pathOf: (file: string) => string,
): string[] {
	const [first, ...others] = policies.flatMap(({hostSilence}) => hostSilence ?? []);

	return others.map(({seconds, source}) =>
		formatWarning({
			...{...source, file: pathOf(source.file), where: 'host_silence_s'},
			message: `${ruleName(first)} comes first and says ${first?.seconds}, so that ${seconds} does not count`,
		}),
	);
}

function patternsOf({pairs, accept}: Policy) {
	return [
		...pairs.flatMap(rule => rule.between.map(each => ['pairs', rule, each] as const)),
		...accept.map(rule => ['accept', rule, rule.peer] as const),
	];
}

function shown(pattern: NamePattern): string {
	return `"${printable(pattern)}"`;
}

/** What is wrong with a pattern that is meant to match something. */
function mistaken(pattern: NamePattern): string | undefined {
	if (domainName(pattern) === dom0Name) {
		return undefined;
	}

	return mistakes.find(([looks]) => looks.test(pattern))?.[1] ?? unfit(pattern);
}

const byName = 'rules go by name alone, and no domain is called so';

const mistakes: ReadonlyArray<readonly [RegExp, string]> = [
	[/^\d{1,5}$/, 'is the name of a domain, not its domid, which changes at every boot'],
	[
		/^(?:uuid[:=] ?)?\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i,
		`looks like a UUID: ${byName}`,
	],
	[/^(?:uuid|tag|tags|group|label|domid|id)[:=]/i, byName],
	[/^@/, byName],
	[
		/^(?:dom[-_ ]?0|domain[-_ ]?0|control[-_ ]domain.*)$/i,
		'is not dom0, which is written dom0 or Domain-0',
	],
	[
		/\S\[[^\]]*\]|\{[^}]*,[^}]*\}|^\^|\$$|\|/,
		'is compared as it stands: only * and ? are wildcards',
	],
	[/,\s/, 'is one name: several need a rule each, or brackets around a pair'],
	[/^\s|\s$/, 'begins or ends with a space'],
];

function unfit(pattern: NamePattern): string | undefined {
	if (printable(pattern) !== pattern) {
		return 'has characters that nobody sees';
	}
	const problem = /[*?]/.test(pattern) ? undefined : nameProblem(pattern);

	return problem === undefined ? undefined : `${problem}: a domain of that name gets no channel`;
}

/** `seen`: by what they look like, the patterns so far. */
function lookalike(pattern: NamePattern, seen: Map<string, NamePattern>): string | undefined {
	const looks = pattern.normalize('NFC');
	const other = seen.get(looks) ?? pattern;
	seen.set(looks, other);

	return other === pattern
		? undefined
		: 'looks like another name of this policy, and is spelled with other code points (Unicode NFC or NFD)';
}
