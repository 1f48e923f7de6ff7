// SPDX-License-Identifier: MIT
import {inOrder, type Command} from './command.ts';
import {bridgeCalls, bridgeSettings} from './bridge.ts';
import {ebtablesRules} from './ebtables.ts';
import {iptablesRules} from './iptables.ts';
import {nftRules} from './nft.ts';
import {createRandom, type Random} from './random.ts';
import {trafficControl} from './tc.ts';
import {walkRules} from './walk.ts';

/** What an administrator may have done, by subject; most do little else than rules. */
const subjects: ReadonlyArray<readonly [probability: number, make: (random: Random) => Command[]]> =
	[
		[0.4, bridgeCalls],
		[0.25, bridgeSettings],
		[0.1, trafficControl],
		[0.35, walkRules],
		[0.35, nftRules],
		[0.25, iptablesRules],
		[0.15, ebtablesRules],
	];

/** The same seed and index, the same ruleset. */
export function makeRuleset(seed: number, index: number): Command[] {
	const random = createRandom(seed, index);

	return inOrder(
		subjects.flatMap(([probability, make]) => (random.chance(probability) ? make(random) : [])),
	);
}
