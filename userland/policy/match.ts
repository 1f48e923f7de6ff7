// SPDX-License-Identifier: MIT
import {atOnce, inSlices, type Sliceable} from '../slice.ts';
import {indexRules} from './rule-index.ts';
import type {AcceptRule, Identity, LimitsRule, PairRule, Policy, Verdict} from './types.ts';
import {identityOf} from './who.ts';

/** A domain, or one of which nothing is known but its name. */
type Given = Identity | string;

/** May these two domains share a channel? Their order does not matter. */
export function decidePair(policy: Policy, a: Given, b: Given): Verdict<PairRule> {
	return compile(policy).decidePair(identityOf(a), identityOf(b));
}

/** Do we accept this peer? */
export function decideAccept(policy: Policy, peer: Given): Verdict<AcceptRule> {
	return compile(policy).decideAccept(identityOf(peer));
}

/** What a domain may send over channels; undefined: anything. */
export function decideLimits(policy: Policy, domain: Given): LimitsRule | undefined {
	return compile(policy).decideLimits(identityOf(domain));
}

type Matcher = {
	decidePair(a: Identity, b: Identity): Verdict<PairRule>;
	decideAccept(peer: Identity): Verdict<AcceptRule>;
	decideLimits(domain: Identity): LimitsRule | undefined;
};

/** Policies are immutable, so what is derived from one is kept as long as it is. */
const compiled = new WeakMap<Policy, Matcher>();

/**
 * Compiles it in slices, after which no question has to wait for that. Otherwise the first one does: 10 000
 * rules take some 50 ms.
 */
export async function prepare(policy: Policy): Promise<void> {
	if (!compiled.has(policy)) {
		compiled.set(policy, await inSlices(createMatcher(policy)));
	}
}

/** Verdicts that the same rule gives are the same object. */
function compile(policy: Policy): Matcher {
	let matcher = compiled.get(policy);

	if (!matcher) {
		matcher = atOnce(createMatcher(policy));
		compiled.set(policy, matcher);
	}

	return matcher;
}

function* createMatcher(policy: Policy): Sliceable<Matcher> {
	const pairs = yield* indexRules(policy.pairs, policy.tags, ({between}) => between);
	/* What a rule says of one name, it says of the pair of that name with itself. */
	const accept = yield* indexRules(policy.accept, policy.tags, ({peer}) => [peer, peer]);
	const limits = yield* indexRules(policy.limits ?? [], policy.tags, ({domain}) => [
		domain,
		domain,
	]);

	return {
		decidePair: (a, b) => pairs(a, b),
		decideAccept: peer => accept(peer, peer),
		decideLimits: domain => limits(domain, domain).rule,
	};
}
