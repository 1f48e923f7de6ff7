// SPDX-License-Identifier: MIT
import {stringify} from 'yaml';
import type {Limits} from '../limits.ts';
import {renderPrefix} from '../prefixes.ts';
import {renderRate} from './rate.ts';
import {ruleName} from './rule-name.ts';
import type {SelectorWords} from './selectors.ts';
import type {AcceptRule, LimitsRule, PairRule, Policy, Tag, Who} from './types.ts';

/** A policy as one file, each rule with where it stands: what it allows is what the policy does. */
export function renderPolicy(policy: Policy): string {
	const {pairs, accept, limits = [], hostSilence, memory, tags = []} = policy;

	return [
		'version: 1\n',
		...(hostSilence ? [`host_silence_s: ${hostSilence.seconds}\n`] : []),
		...(memory ? [`memory_mib: ${memory.mib}\n`] : []),
		...section('tags', renderTags(tags)),
		...section('pairs', pairs.map(renderRule)),
		...section('accept', accept.map(renderRule)),
		...section('limits', limits.map(renderLimits)),
	].join('');
}

/** `rate: 100 Mbit/s`, of each limit, on a line of its own. */
export function limitsTexts({addresses, rate, guards}: Limits): string[] {
	return [
		...(addresses ? [`addresses: ${flow(addresses.map(renderPrefix))}`] : []),
		...(rate === undefined ? [] : [`rate: ${renderRate(rate)}`]),
		...(guards.length === 0 ? [] : [`guards: ${flow(guards)}`]),
	];
}

function renderLimits(rule: LimitsRule): string {
	const texts = limitsTexts(rule.limits).map(text => `    ${text}\n`);

	return `  # ${ruleName(rule)}\n  - domain: ${flow(rule.domain)}\n${texts.join('')}`;
}

/** `allow [web-*, db-1]`, for people; of limits, whom they are for. */
export function ruleText(rule: PairRule | AcceptRule | LimitsRule): string {
	if ('limits' in rule) {
		return flow(rule.domain);
	}

	return `${rule.action} ${flow('between' in rule ? rule.between : rule.peer)}`;
}

type Options = Readonly<Record<string, string | number | readonly SelectorWords[]>>;

/** Its words but for whom it names, as in the file. */
export function optionsOf(rule: PairRule | AcceptRule): Options {
	const {ringPages, ringPagesMin, queues, idleTimeoutS, isOnDemand, isAudit, only, except} = rule;
	const options = {
		ring_pages: ringPages,
		ring_pages_min: ringPagesMin,
		queues,
		busy_poll_us: 'busyPollUs' in rule ? rule.busyPollUs : undefined,
		frag_pages: 'fragPages' in rule ? rule.fragPages : undefined,
		idle_timeout_s: idleTimeoutS,
		on_demand: isOnDemand === undefined ? undefined : isOnDemand ? 'yes' : 'no',
		mode: isAudit === undefined ? undefined : isAudit ? 'audit' : 'enforce',
		...{only, except},
	};

	return Object.fromEntries(
		Object.entries(options).flatMap(([key, value]) =>
			value === undefined ? [] : [[key, value] as const],
		),
	);
}

function section(key: string, lines: readonly string[]): string[] {
	return lines.length === 0 ? [] : [`${key}:\n`, ...lines];
}

/** `idle_timeout_s: 300`, of each, on a line of its own. */
export function optionTexts(rule: PairRule | AcceptRule): string[] {
	return Object.entries(optionsOf(rule)).map(([key, value]) => `${key}: ${flow(value)}`);
}

function renderRule(rule: PairRule | AcceptRule): string {
	const who = flow('between' in rule ? rule.between : rule.peer);
	const options = optionTexts(rule).map(text => `    ${text}\n`);

	return `  # ${ruleName(rule)}\n  - ${rule.action}: ${who}\n${options.join('')}`;
}

/** Each tag once, with the members of all files. */
function renderTags(tags: readonly Tag[]): string[] {
	const members = new Map<string, Who[]>();
	for (const {tag, members: more} of tags) {
		members.set(tag, [...(members.get(tag) ?? []), ...more]);
	}

	return [...members].map(([tag, whos]) => `  ${flow(tag)}: ${flow(whos)}\n`);
}

/** On one line, quoted where YAML needs it. */
function flow(value: unknown): string {
	return stringify(value, {
		collectionStyle: 'flow',
		lineWidth: 0,
		flowCollectionPadding: false,
	}).replace(/\n$/, '');
}
