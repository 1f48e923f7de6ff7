// SPDX-License-Identifier: MIT
import type {NftRule} from '../nftables-js/index.ts';
import type {CompiledRule, Verdict} from './compile-rule.ts';
import type {CompiledChain, FindChain} from './compile.ts';
import type {Condition} from './match.ts';
import type {Traffic} from './traffic.ts';

/** The first rule of those asked for that the traffic may meet, with its port or, as on a channel, without. */
export function findReached(
	find: FindChain,
	base: CompiledChain,
	traffic: Traffic,
	isAskedFor: (rule: CompiledRule) => boolean,
): NftRule | undefined {
	const reached = new Set([base]);
	const onChannel = {...traffic, ports: undefined};

	// The loop also visits the chains that it adds.
	for (const chain of reached) {
		for (const compiled of chain.rulesFor(traffic)) {
			const {rule, conditions, verdict, targets} = compiled;
			const certainties = conditions.map(({test}) => test(traffic));
			const isMet = ({test}: Condition) =>
				test(traffic) !== 'never' || test(onChannel) !== 'never';
			if (!conditions.every(isMet)) {
				continue;
			}
			if (isAskedFor(compiled)) {
				return rule;
			}
			for (const target of targets) {
				const next = find(target);
				if (next) {
					reached.add(next);
				}
			}
			if (certainties.every(each => each === 'always') && isEnd(verdict)) {
				break;
			}
		}
	}

	return undefined;
}

function isEnd({kind}: Verdict): boolean {
	return kind === 'accept' || kind === 'return' || kind === 'goto';
}
