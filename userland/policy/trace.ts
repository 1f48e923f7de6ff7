// SPDX-License-Identifier: MIT
import {decideAccept, decidePair} from './match.ts';
import type {AcceptRule, Identity, PairRule, Policy, Verdict} from './types.ts';

export type Trace<R extends PairRule | AcceptRule> = Verdict<R> & {
	/** Rules before it that name one of the two, or, in `accept`, the peer by its shared name. */
	readonly passed: readonly R[];
	/** How many there are before it in all. */
	readonly before: number;
};

/** How dom0's policy decides. */
export function tracePair(policy: Policy, a: Identity, b: Identity): Trace<PairRule> {
	const verdict = decidePair(policy, a, b);
	const {pairs} = policy;
	const before = pairs.slice(0, verdict.rule ? pairs.indexOf(verdict.rule) : pairs.length);
	const passed = before.filter(rule =>
		[a, b].some(one => rule.between.some(who => names(policy, rule, who, one))),
	);

	return {...verdict, passed, before: before.length};
}

/** How a domain's own policy decides about a peer. */
export function traceAccept(policy: Policy, peer: Identity): Trace<AcceptRule> {
	const verdict = decideAccept(policy, peer);
	const {accept} = policy;
	const before = accept.slice(0, verdict.rule ? accept.indexOf(verdict.rule) : accept.length);
	const passed = before.filter(rule =>
		names(policy, rule, rule.peer, {...peer, isNameShared: false}),
	);

	return {...verdict, passed, before: before.length};
}

/** Whether the rule, if it were alone and about one domain, would decide. */
function names(
	{tags}: Policy,
	{action, source}: PairRule | AcceptRule,
	who: AcceptRule['peer'],
	identity: Identity,
): boolean {
	const options = {ringPages: undefined, ringPagesMin: undefined, queues: undefined};
	const rule = {action, peer: who, ...options, busyPollUs: undefined, source};
	const alone = {pairs: [], accept: [rule], hostSilence: undefined, ...(tags && {tags})};

	return decideAccept(alone, identity).rule !== undefined;
}
