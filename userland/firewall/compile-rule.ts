// SPDX-License-Identifier: MIT
import type {NftRule} from '../nftables-js/index.ts';
import {changesDestination} from './destination-changes.ts';
import {exactly, fields} from './fields.ts';
import {changesFrame} from './frame-changes.ts';
import {compileMatch, compileVerdictMap, type Condition, type FindElements} from './match.ts';
import type {Side} from './operand.ts';
import type {PortCondition} from './physdev.ts';
import {isStateful} from './literal.ts';
import {keyOf, type RulesetIndex} from './ruleset-index.ts';
import type {Traffic} from './traffic.ts';
import {compileXt, portConditionOf} from './xt.ts';

/** What becomes of the packets for which a rule's conditions hold. */
export type Verdict =
	| {readonly kind: 'next' | 'accept' | 'return'}
	| {readonly kind: 'jump' | 'goto'; readonly target: string}
	/** It drops, changes, records or delays them, or nobody knows what it does. */
	| {readonly kind: 'obstacle'}
	| VerdictChoice;

type VerdictChoice = {
	readonly kind: 'choice';
	readonly sides: readonly Side[];
	choose(traffic: Traffic): readonly Verdict[];
};

export type CompiledRule = {
	readonly rule: NftRule;
	readonly conditions: readonly Condition[];
	readonly verdict: Verdict;
	/** What in the rule asks for a port of the bridge, also behind what ends it for us. */
	readonly portConditions: readonly PortCondition[];
	/** Whether it changes what a bridge goes by. */
	readonly changesFrame: boolean;
	/** Whether it may change where the packet is to go. */
	readonly changesDestination: boolean;
	/** The chains that it may lead to, also behind that. */
	readonly targets: readonly string[];
};

/** A rule, ready to be asked what it does to any traffic. */
export function compileRule(rule: NftRule, {sets, maps, statefulSets}: RulesetIndex): CompiledRule {
	const find = (name: string) => sets.get(keyOf(rule, name))?.elements;
	const isObstacle = (statement: unknown) =>
		elementsIn(statement).some(each =>
			typeof each === 'string' ? statefulSets.has(keyOf(rule, each)) : isStateful(each),
		);
	const conditions: Condition[] = [];
	let verdict: Verdict = {kind: 'next'};

	for (const statement of rule.expr) {
		const part = isObstacle(statement)
			? ({kind: 'obstacle'} as const)
			: compileStatement(statement, rule, find);
		if ('test' in part) {
			conditions.push(part);
		} else if (part.kind !== 'next') {
			verdict = part;
			break;
		}
	}

	return {
		rule,
		conditions,
		verdict,
		portConditions: rule.expr.flatMap(portConditionOf),
		changesFrame: rule.expr.some(changesFrame),
		changesDestination: rule.expr.some(changesDestination),
		targets: [...new Set(targetsIn(rule.expr, rule, maps))],
	};
}

/** The elements that a statement looks among, or the name of their set. */
function elementsIn(statement: unknown): readonly unknown[] {
	const {match, vmap} = fields(statement);
	const data = match === undefined ? fields(vmap)['data'] : fields(match)['right'];
	const {set: inline} = fields(data);

	if (typeof data === 'string' && data.startsWith('@')) {
		return [data.slice(1)];
	}

	return Array.isArray(inline)
		? inline
				.map((each: unknown) => (Array.isArray(each) ? each[0] : each) as unknown)
				.filter(each => typeof each === 'object')
		: [];
}

function compileStatement(
	statement: unknown,
	rule: NftRule,
	find: FindElements,
): Condition | Verdict {
	const [[kind, value] = [], ...more] = Object.entries(fields(statement));
	if (more.length > 0) {
		return {kind: 'obstacle'};
	}

	switch (kind) {
		case 'match':
			return compileMatch(value, rule.family, find);
		case 'xt':
			return compileXt(value) ?? {kind: 'obstacle'};
		case 'vmap':
			return compileChoice(value, rule, find) ?? {kind: 'obstacle'};
		case 'mangle':
			return isTrace(value) ? {kind: 'next'} : {kind: 'obstacle'};
		// Neither touches the packet: what `notrack` decides is asked by matches of later rules, which are judged anyway.
		case 'counter':
		case 'last':
		case 'notrack':
			return {kind: 'next'};
		default:
			return compileVerdict(statement, rule);
	}
}

function compileVerdict(statement: unknown, rule: NftRule): Verdict {
	const [[kind, value] = [], ...more] = Object.entries(fields(statement));
	const {target} = exactly(value, 'target');

	if (more.length > 0) {
		return {kind: 'obstacle'};
	}
	if (kind === 'accept' || kind === 'return') {
		return {kind};
	}
	if (kind === 'continue') {
		return {kind: 'next'};
	}
	if ((kind === 'jump' || kind === 'goto') && typeof target === 'string') {
		return {kind, target: keyOf(rule, target)};
	}

	return {kind: 'obstacle'};
}

function compileChoice(
	value: unknown,
	rule: NftRule,
	find: FindElements,
): VerdictChoice | undefined {
	const map = compileVerdictMap(value, rule.family, find);
	if (!map) {
		return undefined;
	}
	const verdicts = new Map(map.verdicts.map(each => [each, compileVerdict(each, rule)]));
	const verdictOf = (each: unknown): Verdict => verdicts.get(each) ?? {kind: 'obstacle'};

	return {
		kind: 'choice',
		sides: map.sides,
		choose(traffic) {
			const {verdicts: chosen, isPartial} = map.choose(traffic);

			return [...chosen.map(verdictOf), ...(isPartial ? [{kind: 'next'} as const] : [])];
		},
	};
}

/** Tracing shows packets to who asks for it, and leaves them alone. */
function isTrace(value: unknown): boolean {
	return exactly(fields(fields(value)['key'])['meta'], 'key')['key'] === 'nftrace';
}

/** Chains named by jumps and gotos, wherever they stand; those of a verdict map's elements included. */
function targetsIn(value: unknown, rule: NftRule, maps: RulesetIndex['maps']): readonly string[] {
	if (typeof value !== 'object' || value === null) {
		return [];
	}

	return Object.entries(value).flatMap(([key, inner]) => {
		const {target} = key === 'jump' || key === 'goto' ? fields(inner) : {};
		const {data} = key === 'vmap' ? fields(inner) : {};
		if (typeof target === 'string') {
			return [keyOf(rule, target)];
		}
		const map = typeof data === 'string' ? maps.get(keyOf(rule, data.slice(1))) : undefined;

		return targetsIn(map?.elements ?? inner, rule, maps);
	});
}
