// SPDX-License-Identifier: MIT
import {parsePrefix} from '../prefixes.ts';
import {parseRate} from './rate.ts';
import type {PairDocument, PolicyDocument} from './schema.ts';
import type {AcceptRule, LimitsRule, PairRule, Policy, RuleSource, Who} from './types.ts';
import type {Path} from './yaml.ts';

/** What the document says, with the words that it has by default left out. */
export function toPolicy(document: PolicyDocument, sourceOf: (path: Path) => RuleSource): Policy {
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
					...(rule.frag_pages !== undefined && {fragPages: rule.frag_pages}),
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
	const {idle_timeout_s: idleTimeoutS, on_demand: onDemand, mode, only, except} = rule;

	return {
		ringPages: rule.ring_pages,
		ringPagesMin: rule.ring_pages_min,
		queues: rule.queues,
		...(idleTimeoutS !== undefined && {idleTimeoutS}),
		...(onDemand !== undefined && {isOnDemand: onDemand === true || onDemand === 'yes'}),
		...(mode !== undefined && {isAudit: mode === 'audit'}),
		...(only && {only}),
		...(except && {except}),
	};
}
