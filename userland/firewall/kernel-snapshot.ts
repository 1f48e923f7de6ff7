// SPDX-License-Identifier: MIT
import type {NftRuleset} from '../nftables-js/index.ts';
import type {Sliceable} from '../slice.ts';
import {withKernelRules} from './kernel-completion.ts';
import {identity, type KernelRule, type NamedRule} from './kernel-rules.ts';
import {keyOf} from './ruleset-index.ts';

/**
 * The ruleset as it was listed, completed by what the kernel had before and after that. Rules may change meanwhile; but
 * one that bears a number never does, so that what either dump says of a listed rule is true of it. A rule that is not
 * listed is one that the library cannot show if the kernel had it both times, else one that came or went.
 */
export function* completeRules(
	ruleset: NftRuleset,
	before: readonly KernelRule[],
	after: readonly KernelRule[],
): Sliceable<NftRuleset> {
	const [early, late] = [before, after].map(
		rules => new Map(rules.map(rule => [identity(rule), rule])),
	) as [Map<string, KernelRule>, Map<string, KernelRule>];
	const rules = ruleset.rules.filter(
		rule => early.has(identity(rule)) || late.has(identity(rule)),
	);
	yield;
	const listed = new Set(rules.map(identity));
	const merged = rules.flatMap(
		rule => late.get(identity(rule)) ?? early.get(identity(rule)) ?? [],
	);
	yield;
	let previous: KernelRule | undefined;

	for (const rule of after) {
		const isHidden = !listed.has(identity(rule)) && early.has(identity(rule));

		if (isHidden) {
			// Behind the one before it in its chain, or else before all.
			const isSameChain = previous !== undefined && isOneChain(previous, rule);

			merged.splice(isSameChain ? positionOf(merged, previous) + 1 : 0, 0, rule);
		}
		if (isHidden || listed.has(identity(rule))) {
			previous = rule;
		}
	}

	yield;

	return (yield* withKernelRules({...ruleset, rules}, merged)) ?? ruleset;
}

function isOneChain(one: NamedRule, other: NamedRule): boolean {
	return keyOf(one, one.chain) === keyOf(other, other.chain);
}

function positionOf(rules: readonly KernelRule[], rule: NamedRule | undefined): number {
	return rule === undefined ? -1 : rules.findIndex(each => identity(each) === identity(rule));
}
