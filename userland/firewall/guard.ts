// SPDX-License-Identifier: MIT
import type {NftBase, NftFamily, NftRuleset} from '../nftables-js/index.ts';
import {compileRuleset, type CompiledChain, type FindChain, type Work} from './compile.ts';
import type {Side} from './operand.ts';
import {classifyPorts} from './port-classes.ts';
import {indexRuleset, keyOf} from './ruleset-index.ts';
import {placeOf, sees, visits, type Place, type Visit} from './traffic.ts';
import type {FiltersIp, Port, RuleRef} from './types.ts';
import {findObstacle, findReached, referTo} from './walk.ts';

export type {FiltersIp} from './types.ts';

/** The first rule that a channel between two ports would bypass; undefined if there is none. */
export type Guard = {
	(a: Port, b: Port, filtersIp: FiltersIp): RuleRef | undefined;
	/** Pairs of the same two classes get the same answer, whatever the ports are called. */
	classOf(port: Port): number;
	/** The work so far: base chains walked for some traffic, and rules tried on those walks. */
	readonly work: Readonly<Work>;
};

/**
 * A rule is bypassed if it could drop, reject, queue, limit, log or change what passes between the two ports, or keep
 * a record that decides about later packets. Plain counters do not count. What is not understood does.
 */
export function createGuard(ruleset: NftRuleset): Guard {
	const classOf = classifyPorts(ruleset);
	const work = {walks: 0, rules: 0};
	const chains = findBaseChains(ruleset, classOf, work);

	const guard = (a: Port, b: Port, filtersIp: FiltersIp) => {
		for (const visit of visits(a, b, filtersIp, chains.areAt)) {
			for (const chain of chains.seenBy(visit)) {
				const [from, to] = visit.isForth ? [a, b] : [b, a];
				const found = chain.judge(visit, from, to);
				if (found) {
					return found;
				}
			}
		}

		return undefined;
	};

	return Object.assign(guard, {classOf, work});
}

type BaseChain = {
	readonly family: NftFamily;
	readonly base: NftBase;
	judge(visit: Visit, from: Port, to: Port): RuleRef | undefined;
};

type BaseChains = {
	/** Whether there are any, for some device or protocol at least. */
	areAt(place: Place, hook: string): boolean;
	seenBy(visit: Visit): readonly BaseChain[];
};

function findBaseChains(ruleset: NftRuleset, classOf: Guard['classOf'], work: Work): BaseChains {
	const index = indexRuleset(ruleset);
	const find = compileRuleset(index, work);
	const all = index.baseChains.flatMap(chain => {
		const compiled = find(keyOf(chain, chain.name));
		const {family, base} = chain;

		return compiled && base
			? [{family, base, judge: createJudge(find, compiled, classOf, work)}]
			: [];
	});
	const known = new Map<string, readonly BaseChain[]>();
	const hooked = new Set(all.map(({family, base}) => `${placeOf(family, base)} ${base.hook}`));

	return {
		areAt: (place, hook) => hooked.has(`${place} ${hook}`),
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
function createJudge(
	find: FindChain,
	chain: CompiledChain,
	classOf: Guard['classOf'],
	work: Work,
): BaseChain['judge'] {
	const answers = new Map<number, RuleRef | undefined>();

	return (visit, from, to) => {
		const {place, device, isOnChannel, traffic} = visit;
		const bits =
			(device === from.name ? 4 : 0) |
			(isOnChannel ? 2 : 0) |
			(traffic.protocol === 'ip' ? 1 : 0);
		// A frame to or from dom0 passes two devices; the input of one is where it comes from, of the other where it goes.
		const decides = (side: Side) => place === 'device' || chain.sides.has(side);
		const classes =
			(decides('from') ? classOf(from) : 0) * 2 ** 20 + (decides('to') ? classOf(to) : 0);
		const key = classes * 8 + bits;
		if (!answers.has(key)) {
			work.walks++;
			answers.set(key, judge(find, chain, visit));
		}

		return answers.get(key);
	};
}

function judge(find: FindChain, chain: CompiledChain, visit: Visit): RuleRef | undefined {
	const {traffic, place, isOnChannel} = visit;
	const found = isOnChannel
		? (judgeChanges(find, chain, visit) ?? judgePorts(find, chain, visit))
		: findObstacle(find, chain, traffic);

	return found && place === 'ip' ? {...found, by: 'br_netfilter'} : found;
}

/** Bridged packets pass prerouting before the bridge decides where they go, those of a channel are there already. */
function judgeChanges(find: FindChain, chain: CompiledChain, visit: Visit): RuleRef | undefined {
	const rule =
		visit.hook === 'prerouting'
			? findReached(find, chain, visit.traffic, ({changesFrame}) => changesFrame)
			: undefined;

	return rule && referTo(rule);
}

/** Where all pass, with a port and without, it does not matter who asks for one, of which a channel's packets have none. */
function judgePorts(find: FindChain, chain: CompiledChain, {traffic}: Visit): RuleRef | undefined {
	const rule = findReached(find, chain, traffic, ({portConditions}) =>
		portConditions.some(each => each.differsOnChannel(traffic)),
	);
	const isObstructed = (each: typeof traffic) => findObstacle(find, chain, each) !== undefined;

	return rule && (isObstructed(traffic) || isObstructed({...traffic, ports: undefined}))
		? referTo(rule)
		: undefined;
}
