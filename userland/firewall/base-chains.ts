// SPDX-License-Identifier: MIT
import type {NftBase, NftFamily, NftRuleset} from '../nftables-js/index.ts';
import type {Sliceable} from '../slice.ts';
import {compileRuleset, type CompiledChain, type FindChain, type Work} from './compile.ts';
import type {Side} from './operand.ts';
import type {ClassOf} from './port-classes.ts';
import {indexRuleset, keyOf} from './ruleset-index.ts';
import {placeOf, sees, type Place, type Traffic, type Visit} from './traffic.ts';
import type {Port, RuleRef} from './types.ts';
import {findReached} from './reach.ts';
import {referTo} from './rule-ref.ts';
import {findObstacle} from './walk.ts';

type BaseChain = {
	readonly family: NftFamily;
	readonly base: NftBase;
	judge(visit: Visit, from: Port, to: Port): RuleRef | undefined;
	/** The first rule in it that is more to this traffic than a way through, and that may send it elsewhere. */
	obstacle(traffic: Traffic): RuleRef | undefined;
	redirection(traffic: Traffic): RuleRef | undefined;
};

export type BaseChains = {
	/** Whether there are any, for some device or protocol at least. */
	areAt(place: Place, hook: string): boolean;
	seenBy(visit: Visit): readonly BaseChain[];
};

export function* findBaseChains(
	ruleset: NftRuleset,
	classOf: ClassOf,
	work: Work,
): Sliceable<BaseChains> {
	const index = indexRuleset(ruleset);
	const find = yield* compileRuleset(index, work);
	const all = index.baseChains.flatMap(chain => {
		const compiled = find(keyOf(chain, chain.name));
		const {family, base} = chain;

		return compiled && base
			? [
					{
						...{family, base, judge: createJudge(find, compiled, classOf, work)},
						obstacle: (traffic: Traffic) => findObstacle(find, compiled, traffic),
						redirection: (traffic: Traffic) =>
							findRule(find, compiled, traffic, rule => rule.changesDestination),
					},
				]
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

/** Remembers answers by the classes of those ports whose names or addresses decide, and by the source where that does. */
function createJudge(
	find: FindChain,
	chain: CompiledChain,
	classOf: ClassOf,
	work: Work,
): BaseChain['judge'] {
	const known = new Map<string, Map<number, RuleRef | undefined>>();
	const answersFor = ({source}: Traffic) => {
		const key = source && chain.sides.has('source') ? `${source.first} ${source.last}` : '';
		const answers = known.get(key) ?? new Map<number, RuleRef | undefined>();
		known.set(key, answers);

		return answers;
	};

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
		const answers = answersFor(traffic);
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
	return visit.hook === 'prerouting'
		? findRule(find, chain, visit.traffic, ({changesFrame}) => changesFrame)
		: undefined;
}

function findRule(...asked: Parameters<typeof findReached>): RuleRef | undefined {
	const rule = findReached(...asked);

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
