// SPDX-License-Identifier: MIT
import type {NftRuleset} from '../nftables-js/index.ts';
import {atOnce, type Sliceable} from '../slice.ts';
import {findBaseChains} from './base-chains.ts';
import type {Work} from './compile.ts';
import {classifyPorts} from './port-classes.ts';
import {createRedirects} from './redirection.ts';
import {visits} from './traffic.ts';
import type {FiltersIp, Port, RuleRef} from './types.ts';

export type {FiltersIp} from './types.ts';

/** The first rule that a channel between two ports would bypass; undefined if there is none. */
export type Guard = {
	(a: Port, b: Port, filtersIp: FiltersIp): RuleRef | undefined;
	/** Pairs of the same two classes get the same answer, whatever the ports are called. */
	classOf(port: Port): number;
	/** A rule that may send on to others on the bridge what a guest sends to dom0. */
	redirection(guest: Port, host: Port, filtersIp: FiltersIp): RuleRef | undefined;
	/** The work so far: base chains walked for some traffic, and rules tried on those walks. */
	readonly work: Readonly<Work>;
};

/**
 * A rule is bypassed if it could drop, reject, queue, limit, log or change what passes between the two ports, or keep
 * a record that decides about later packets. Plain counters do not count. What is not understood does.
 */
export function createGuard(ruleset: NftRuleset): Guard {
	return atOnce(makeGuard(ruleset));
}

/** The same, in slices: compiling 5000 rules takes some 100 ms. */
export function* makeGuard(ruleset: NftRuleset): Sliceable<Guard> {
	const classOf = yield* classifyPorts(ruleset);
	const work = {walks: 0, rules: 0};
	const chains = yield* findBaseChains(ruleset, classOf, work);
	const redirects = createRedirects(chains, classOf);

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
		const [guest, host] = a.kind === 'host' ? [b, a] : [a, b];

		return host.kind === 'host' && host.isOvs !== true
			? redirects(guest, host, filtersIp).bypassed
			: undefined;
	};

	return Object.assign(guard, {
		...{classOf, work},
		redirection: (guest: Port, host: Port, filtersIp: FiltersIp) =>
			redirects(guest, host, filtersIp).rule,
	});
}
