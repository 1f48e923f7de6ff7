// SPDX-License-Identifier: MIT
import {domainName} from '../domain-name.ts';
import {printable} from '../names.ts';
import {formatWarning} from './errors.ts';
import {hiddenRules} from './hidden.ts';
import {problemOf} from './mistaken.ts';
import {ruleName} from './rule-name.ts';
import {tagsUnknown} from './tags.ts';
import type {Identity, NamePattern, Policy, RuleSource, Who} from './types.ts';
import {anyGuest, whoText} from './who.ts';

/** Where a policy is in force. */
export type Side = 'dom0' | 'guest';

/** A broken megabyte's worth of them helps nobody. */
const shownMost = 20;

/**
 * Lines about rules that are well formed and surely not what was meant: `file:line:col: warning: ...`.
 * `side` is undefined where nobody knows, as before it is installed; `pathOf` gives the path of a file that rules name;
 * `present` are all domains of the host, where somebody knows them.
 */
export function policyWarnings(
	policy: Policy,
	side: Side | undefined,
	pathOf: (file: string) => string = file => file,
	present?: readonly Identity[],
): string[] {
	const {pairs, accept, limits = []} = policy;
	const isBorne = present && bearing(present);
	const lines: string[] = [];
	const warn = ({source}: {readonly source: RuleSource}, where: string, message: string) =>
		lines.push(formatWarning({...source, file: pathOf(source.file), where, message}));

	const [first] = pairs;
	if (first && side === 'guest') {
		warn(first, 'pairs', 'rules for pairs are read in dom0 only, and this is a guest');
	}
	const [limit] = limits;
	if (limit && side === 'guest') {
		warn(limit, 'limits', 'limits are read in dom0 only, and this is a guest');
	}
	const seen = new Map<string, NamePattern>();
	for (const [where, rule, who] of whosOf(policy)) {
		const problem =
			problemOf(who, seen) ?? (isBorne?.(who) === false ? unborne(who) : undefined);
		if (problem !== undefined) {
			warn(rule, where, problem);
		}
	}
	for (const {where, source, message} of tagsUnknown(policy)) {
		warn({source}, where, message);
	}
	const never = [
		...hiddenRules(pairs, ({between}) => between).map(each => ['pairs', ...each] as const),
		...hiddenRules(accept, ({peer}) => [peer, peer]).map(each => ['accept', ...each] as const),
		...hiddenRules(limits, ({domain}) => [domain, domain]).map(
			each => ['limits', ...each] as const,
		),
	];
	for (const [where, rule, by] of never) {
		warn(rule, where, `${ruleName(by)} comes first and decides all that this rule names`);
	}
	const rest = lines.length - shownMost;

	return rest > 0 ? [...lines.slice(0, shownMost), `... and ${rest} more warnings`] : lines;
}

/**
 * The same about each `host_silence_s` and `memory_mib` of a directory but the first, which counts. `policies`:
 * one per file.
 */
export function hiddenNumbers(
	policies: readonly Policy[],
	pathOf: (file: string) => string,
): string[] {
	const silences = policies.flatMap(({hostSilence}) => hostSilence ?? []);
	const limits = policies.flatMap(({memory}) => memory ?? []);

	return [
		...hidden(
			'host_silence_s',
			silences.map(({seconds, source}) => [seconds, source]),
			pathOf,
		),
		...hidden(
			'memory_mib',
			limits.map(({mib, source}) => [mib, source]),
			pathOf,
		),
	];
}

function hidden(
	where: string,
	[first, ...others]: ReadonlyArray<readonly [unknown, RuleSource]>,
	pathOf: (file: string) => string,
): string[] {
	const by = first && ruleName({source: first[1]});

	return others.map(([value, source]) =>
		formatWarning({
			...{...source, file: pathOf(source.file), where},
			message: `${by} comes first and says ${String(first?.[0])}, so that ${String(value)} does not count`,
		}),
	);
}

function whosOf({pairs, accept, tags = []}: Policy) {
	return [
		...pairs.flatMap(rule => rule.between.map(each => ['pairs', rule, each] as const)),
		...accept.map(rule => ['accept', rule, rule.peer] as const),
		...tags.flatMap(tag => tag.members.map(each => ['tags', tag, each] as const)),
	];
}

/** Whether a name or UUID, by itself, is a domain's; patterns and tags may be for domains to come. */
function bearing(present: readonly Identity[]): (who: Who) => boolean {
	const names = new Set(present.map(({name}) => name));
	const uuids = new Set(present.map(({uuid}) => uuid));

	return who => {
		if (typeof who === 'string') {
			return /[*?]/.test(who) || who === anyGuest || names.has(domainName(who));
		}

		return 'tag' in who || ('uuid' in who ? uuids.has(who.uuid) : names.has(who.name));
	};
}

function unborne(who: Who): string {
	const text = typeof who === 'object' && 'name' in who ? who.name : who;

	return typeof text === 'string'
		? `no domain here is called "${printable(text)}" now`
		: `no domain here has ${whoText(who)} now`;
}
