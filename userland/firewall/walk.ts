// SPDX-License-Identifier: MIT
import type {NftChain, NftRule} from '../nftables-js/index.ts';
import type {CompiledRule, Verdict} from './compile-rule.ts';
import type {CompiledChain, FindChain} from './compile.ts';
import {refer, referTo} from './rule-ref.ts';
import type {Traffic} from './traffic.ts';
import type {RuleRef} from './types.ts';

/** The first rule or policy of a base chain that does more to some of the traffic than let it pass. */
export function findObstacle(
	find: FindChain,
	base: CompiledChain,
	traffic: Traffic,
): RuleRef | undefined {
	const outcome = walkChain({find, traffic, outcomes: new Map()}, base);
	const policy = base.chain.base?.policy;

	if (typeof outcome === 'object') {
		return outcome;
	}
	if ((outcome & ends.returns) === 0 || policy === 'accept') {
		return undefined;
	}

	return refer(base.chain, base.chain.name, base.chain.handle, `policy ${policy ?? 'unknown'}`);
}

/** What may become of some of the traffic, as bits; more than one where not all of it fares alike. */
const ends = {
	/** On to the next rule. */
	next: 1,
	/** Back to the chain that jumped here, or to the policy. */
	returns: 2,
	/** The base chain is done with it. */
	accepted: 4,
} as const;

/** Those bits, or the rule or policy that is an obstacle. */
type Outcome = number | RuleRef;

type Walk = {
	readonly find: FindChain;
	readonly traffic: Traffic;
	/** Of chains already walked; undefined while a chain is being walked. */
	readonly outcomes: Map<CompiledChain, Outcome | undefined>;
};

function walkChain(walk: Walk, compiled: CompiledChain): Outcome {
	const known = walk.outcomes.get(compiled);

	if (known !== undefined) {
		return known;
	}
	if (walk.outcomes.has(compiled)) {
		// The kernel refuses loops; a ruleset that has one is not the kernel's.
		const {chain} = compiled;

		return refer(chain, chain.name, chain.handle, 'a loop of jumps');
	}
	walk.outcomes.set(compiled, undefined);
	const outcome = walkRules(walk, compiled.rulesFor(walk.traffic));
	walk.outcomes.set(compiled, outcome);

	return outcome;
}

function walkRules(walk: Walk, rules: readonly CompiledRule[]): Outcome {
	let left = 0;

	for (const rule of rules) {
		const outcome = walkRule(walk, rule);
		if (typeof outcome === 'object') {
			return outcome;
		}
		left |= outcome & ~ends.next;
		if ((outcome & ends.next) === 0) {
			return left;
		}
	}

	return left | ends.returns;
}

function walkRule(walk: Walk, {rule, conditions, verdict}: CompiledRule): Outcome {
	let isCertain = true;

	for (const {test} of conditions) {
		const certainty = test(walk.traffic);
		if (certainty === 'never') {
			return ends.next;
		}
		if (certainty === 'maybe') {
			isCertain = false;
		}
	}
	const outcome = follow(walk, rule, verdict);

	return typeof outcome === 'object' || isCertain ? outcome : outcome | ends.next;
}

function follow(walk: Walk, rule: NftRule, verdict: Verdict): Outcome {
	switch (verdict.kind) {
		case 'next':
			return ends.next;
		case 'accept':
			return ends.accepted;
		case 'return':
			return ends.returns;
		case 'jump':
		case 'goto':
			return enter(walk, rule, verdict.kind, verdict.target);
		case 'choice':
			return followAll(walk, rule, verdict.choose(walk.traffic));
		default:
			return referTo(rule);
	}
}

function followAll(walk: Walk, rule: NftRule, verdicts: readonly Verdict[]): Outcome {
	let all = 0;

	for (const verdict of verdicts) {
		const outcome = follow(walk, rule, verdict);
		if (typeof outcome === 'object') {
			return outcome;
		}
		all |= outcome;
	}

	return all;
}

/** What returns from a chain goes on behind the `jump` to it, but behind a `goto` it leaves this chain as well. */
function enter(walk: Walk, rule: NftRule, how: 'jump' | 'goto', target: string): Outcome {
	const chain = walk.find(target);
	if (!chain) {
		return referTo(rule);
	}

	const outcome = walkChain(walk, chain);
	if (typeof outcome === 'object' && isInAnonymous(chain.chain, outcome)) {
		return referTo(rule);
	}
	if (typeof outcome === 'object' || how === 'goto' || (outcome & ends.returns) === 0) {
		return outcome;
	}

	return (outcome & ~ends.returns) | ends.next;
}

/** What is in a chain without a name is shown with the rule that leads there. */
function isInAnonymous({name}: NftChain, found: RuleRef): boolean {
	return found.chain === name && name.startsWith('__chain');
}
