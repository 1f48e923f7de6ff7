// SPDX-License-Identifier: MIT
import type {Random} from './random.ts';

/** A match of iptables, with options or without. */
export function xtMatch(random: Random, macs: readonly string[], names: readonly string[]): object {
	const type = 'match';
	const option = () => (random.chance(0.3) ? {isInverted: random.chance(0.3)} : undefined);
	const port = (chance: number) =>
		random.chance(chance)
			? {name: random.pick([...names, 'vif*']), isInverted: random.chance(0.25)}
			: undefined;
	const options = {
		...{input: port(0.6), output: port(0.4), isIn: option(), isOut: option()},
		isBridged: option(),
	};
	const physdev = Object.fromEntries(
		Object.entries(options).filter(([, each]) => each !== undefined),
	);

	return random.pick([
		{
			xt: {
				type,
				name: 'physdev',
				physdev: Object.keys(physdev).length > 0 ? physdev : {isIn: {isInverted: false}},
			},
		},
		{xt: {type, name: 'physdev', physdev: {isBridged: {isInverted: random.chance(0.2)}}}},
		{xt: {type, name: 'physdev'}},
		{
			xt: {
				type,
				name: 'mac',
				mac: {address: random.pick(macs), isInverted: random.chance(0.5)},
			},
		},
		{xt: {type, name: 'mac'}},
		{xt: {type, name: 'comment'}},
		{xt: {type, name: 'tcp'}},
		{xt: {type, name: 'recent'}},
	]);
}
