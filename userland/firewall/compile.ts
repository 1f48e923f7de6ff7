// SPDX-License-Identifier: MIT
import type {NftChain} from '../nftables-js/index.ts';
import type {Sliceable} from '../slice.ts';
import {compileRule, type CompiledRule} from './compile-rule.ts';
import type {Side} from './operand.ts';
import {selectRules} from './rule-selection.ts';
import {keyOf, type RulesetIndex} from './ruleset-index.ts';
import type {Traffic} from './traffic.ts';

export type CompiledChain = {
	readonly chain: NftChain;
	/** Those rules, in order, that may match such traffic. */
	rulesFor(traffic: Traffic): readonly CompiledRule[];
	/** The ports whose names or addresses decide, in this chain and in those that it leads to. */
	readonly sides: ReadonlySet<Side>;
};

/** Counts of what was done, for who wants to know how it grows. */
export type Work = {walks: number; rules: number};

export type FindChain = (key: string) => CompiledChain | undefined;

/** So many rules are compiled in about a millisecond. */
const batch = 50;

/** Compiles the base chains, and those that they lead to. */
export function* compileRuleset(index: RulesetIndex, work: Work): Sliceable<FindChain> {
	const chains = new Map<string, CompiledChain>();

	for (const base of index.baseChains) {
		yield* compileChain(keyOf(base, base.name), {index, work, chains});
	}

	return key => chains.get(key);
}

type Compilation = {
	readonly index: RulesetIndex;
	readonly work: Work;
	readonly chains: Map<string, CompiledChain>;
};

function* compileChain(key: string, compilation: Compilation): Sliceable<void> {
	const {index, work, chains} = compilation;
	const chain = index.chains.get(key);
	if (chains.has(key) || !chain) {
		return;
	}
	const rules: CompiledRule[] = [];

	for (const rule of index.rules.get(key) ?? []) {
		if (rules.length % batch === batch - 1) {
			yield;
		}
		rules.push(compileRule(rule, index));
	}
	const sides = new Set<Side>(rules.flatMap(sidesOf));

	chains.set(key, {chain, sides, rulesFor: counted(selectRules(rules), work)});
	for (const target of new Set(rules.flatMap(({targets}) => targets))) {
		yield* compileChain(target, compilation);
		chains.get(target)?.sides.forEach(side => sides.add(side));
	}
}

function counted(select: CompiledChain['rulesFor'], work: Work): CompiledChain['rulesFor'] {
	return traffic => {
		const selected = select(traffic);
		work.rules += selected.length;

		return selected;
	};
}

function sidesOf({conditions, verdict, portConditions}: CompiledRule): readonly Side[] {
	return [
		...[...conditions, ...portConditions].flatMap(({sides}) => sides),
		...(verdict.kind === 'choice' ? verdict.sides : []),
	];
}
