// SPDX-License-Identifier: MIT
import type {NftBase, NftFamily, NftRuleset} from '../nftables-js/index.ts';
import {compileRuleset, type CompiledChain, type FindChain} from './compile.ts';
import {classifyPorts} from './port-classes.ts';
import {indexRuleset, keyOf} from './ruleset-index.ts';
import {sees, visits, type Visit} from './traffic.ts';
import type {FiltersIp, Port, RuleRef} from './types.ts';
import {findObstacle, findPortRule, referTo} from './walk.ts';

export type {FiltersIp} from './types.ts';

/** The first rule that a channel between two ports would bypass; undefined if there is none. */
export type Guard = {
	(a: Port, b: Port, filtersIp: FiltersIp): RuleRef | undefined;
	/** Pairs of the same two classes get the same answer, whatever the ports are called. */
	classOf(port: Port): number;
};

/**
 * A rule is bypassed if it could drop, reject, queue, limit, log or change what passes between the two ports, or keep
 * a record that decides about later packets. Plain counters do not count. What is not understood does.
 */
export function createGuard(ruleset: NftRuleset): Guard {
	const chains = findBaseChains(ruleset);
	const classOf = classifyPorts(ruleset);

	const guard = (a: Port, b: Port, filtersIp: FiltersIp) => {
		for (const visit of visits(a, b, filtersIp)) {
			for (const chain of chains.seenBy(visit)) {
				const [from, to] = visit.isForth ? [a, b] : [b, a];
				const found = chain.judge(visit, classOf(from), classOf(to));
				if (found) return found;
			}
		}

		return undefined;
	};

	return Object.assign(guard, {classOf});
}

type BaseChain = {
	readonly family: NftFamily;
	readonly base: NftBase;
	judge(visit: Visit, from: number, to: number): RuleRef | undefined;
};

function findBaseChains(ruleset: NftRuleset): {seenBy(visit: Visit): readonly BaseChain[]} {
	const index = indexRuleset(ruleset);
	const find = compileRuleset(index);
	const all = index.baseChains.flatMap(chain => {
		const compiled = find(keyOf(chain, chain.name));
		const {family, base} = chain;
		return compiled && base ? [{family, base, judge: createJudge(find, compiled)}] : [];
	});
	const known = new Map<string, readonly BaseChain[]>();

	return {
		seenBy(visit) {
			const key = `${visit.place} ${visit.hook} ${visit.traffic.protocol} ${visit.device ?? ''}`;
			const found =
				known.get(key) ?? all.filter(({family, base}) => sees(visit, family, base));

			known.set(key, found);

			return found;
		},
	};
}

/** Remembers answers by the classes of those ports whose names or addresses decide. */
function createJudge(find: FindChain, chain: CompiledChain): BaseChain['judge'] {
	const answers = new Map<string, RuleRef | undefined>();

	return (visit, from, to) => {
		// On a device of its own dom0 is where the frame goes to and yet the input, so there both decide.
		const decides = (side: 'from' | 'to') => visit.place === 'device' || chain.sides.has(side);
		const key = [
			visit.place,
			visit.isOnChannel,
			visit.traffic.protocol,
			decides('from') ? from : 0,
			decides('to') ? to : 0,
		].join();
		if (!answers.has(key)) answers.set(key, judge(find, chain, visit));

		return answers.get(key);
	};
}

function judge(find: FindChain, chain: CompiledChain, visit: Visit): RuleRef | undefined {
	const {traffic, place, isOnChannel} = visit;
	const found = isOnChannel ? judgePorts(find, chain, visit) : findObstacle(find, chain, traffic);

	return found && place === 'ip' ? {...found, by: 'br_netfilter'} : found;
}

/** Where all pass, with a port and without, it does not matter who asks for one. */
function judgePorts(find: FindChain, chain: CompiledChain, {traffic}: Visit): RuleRef | undefined {
	const rule = findPortRule(find, chain, traffic);
	const isObstructed = (each: typeof traffic) => findObstacle(find, chain, each) !== undefined;

	return rule && (isObstructed(traffic) || isObstructed({...traffic, ports: undefined}))
		? referTo(rule)
		: undefined;
}
