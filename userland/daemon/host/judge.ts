// SPDX-License-Identifier: MIT
import type {Limits} from '../../limits.ts';
import {ruleName} from '../../policy/rule-name.ts';
import type {Identity, LimitsRule, PairRule, Verdict} from '../../policy/types.ts';
import type {Domain} from '../../xenstore/discover.ts';
import {hasEnforcement, hasSelectors, hasWords} from '../../xenstore/features.ts';
import {speaks} from '../../xenstore/values.ts';
import type {Refusal} from '../refusal.ts';
import type {Port, Topology} from './ports.ts';
import {judgeLinks, sharedLinks, type SharedLink} from './shared-links.ts';
import {subjectsOf, type Subject} from './subjects.ts';
import {termsOf, type Terms} from './terms.ts';
import {refuseTooLong} from './too-long.ts';

/** What two domains are judged by. */
export type Criteria = {
	readonly topology: Topology;
	readonly decide: (a: Identity, b: Identity) => Verdict<PairRule>;
	/** The rule of dom0 that a channel between two ports would bypass, as a sentence. */
	readonly bypassed: (a: Port, b: Port) => string | undefined;
	readonly isHeld: (nameA: string, nameB: string) => boolean;
	/** What a domain may send over channels; undefined: anything. */
	readonly limitsOf: (domain: Identity) => LimitsRule | undefined;
};

export type PairVerdict = {
	readonly a: Subject;
	readonly b: Subject;
	readonly terms: Terms;
	/** Where the channel runs; of a pair that is refused whatever its links, where the two meet. */
	readonly links: readonly SharedLink[];
	/** What a and b may send, by policy and by their vifs. Each is for the other end to enforce. */
	readonly limits: PairLimits;
	/** Why the pair is not announced; undefined where it is. */
	readonly refusal: Refusal | undefined;
};

/** Undefined: neither has any. */
export type PairLimits = EndLimits | undefined;

export type EndLimits = readonly [a: Limits | undefined, b: Limits | undefined];

/** Every pair of domains with its verdict, lower domid first. */
export function judge(domains: readonly Domain[], criteria: Criteria): PairVerdict[] {
	const subjects = [...subjectsOf(domains, criteria.topology).values()];

	return subjects.flatMap((a, index) =>
		subjects.slice(index + 1).map(b => judgePair(a, b, criteria)),
	);
}

/** Walks dom0's rules, most of the work there is, only for a pair that nothing else refuses. */
export function judgePair(a: Subject, b: Subject, criteria: Criteria): PairVerdict {
	const verdict = criteria.decide(a, b);
	const terms = termsOf(verdict);
	const shared = sharedLinks(a, b);
	const rules = [criteria.limitsOf(a), criteria.limitsOf(b)] as const;
	const refusal =
		refuseDomain(a) ??
		refuseDomain(b) ??
		refuseHeld(a, b, criteria) ??
		refuseTagged(a) ??
		refuseTagged(b) ??
		refuseShared(verdict, a, b, criteria) ??
		refusePolicy(verdict, terms) ??
		refuseMisnamed(a, b) ??
		refuseMisnamed(b, a) ??
		refuseAudit(terms, a, b) ??
		refuseSelection(terms, a, b) ??
		refuseLimits(a, b, rules);
	if (refusal) {
		return {a, b, terms, links: shared, limits: undefined, refusal};
	}

	const byPolicy = [rules[0]?.limits, rules[1]?.limits] as const;
	const judged = {a, b, terms, ...judgeLinks(a, b, shared, criteria, byPolicy)};

	return {...judged, refusal: judged.refusal ?? refuseTooLong(judged)};
}

function refuseDomain({name, hello, domid}: Domain): Refusal | undefined {
	if (hello === undefined) {
		const where = domid === 0 ? 'dom0' : name;

		return {code: 'absent', reason: `${where} does not run coloopd with the coloop module`};
	}
	if (speaks(hello)) {
		return undefined;
	}

	return {
		code: 'version',
		reason: `${name} speaks version ${hello.min} to ${hello.max}, we do not`,
	};
}

function refuseHeld(a: Domain, b: Domain, {isHeld}: Criteria): Refusal | undefined {
	if (!isHeld(a.name, b.name)) {
		return undefined;
	}

	return {code: 'held', reason: `taken down by \`coloop down ${a.name} ${b.name}\``};
}

/** What a rule goes by may be what cannot be told. */
function refuseTagged({name, tagged}: Domain): Refusal | undefined {
	return tagged && 'problem' in tagged
		? {code: 'policy', reason: `the tags of ${name} in XenStore say nothing: ${tagged.problem}`}
		: undefined;
}

function refusePolicy({action}: Verdict<PairRule>, {rule}: Terms): Refusal | undefined {
	if (action === 'allow') {
		return undefined;
	}
	const reason = rule === undefined ? "no rule of dom0's policy allows it" : `denied by ${rule}`;

	return {code: 'policy', reason};
}

/** A name that is another's too allows nothing; where it would have, that is the reason. */
function refuseShared(
	{action}: Verdict<PairRule>,
	a: Subject,
	b: Subject,
	{decide}: Criteria,
): Refusal | undefined {
	const shared = a.isNameShared ? a : b.isNameShared ? b : undefined;
	if (action === 'allow' || shared === undefined) {
		return undefined;
	}
	const byName = decide({...a, isNameShared: false}, {...b, isNameShared: false});

	return byName.action === 'allow' ? shared.misnamed : undefined;
}

/** A rule may go by what is no name; then the peer has to know that the name says nothing. */
function refuseMisnamed({misnamed, isNameShared}: Subject, peer: Subject): Refusal | undefined {
	return isNameShared && hasWords(peer.hello) ? undefined : misnamed;
}

/** Who does not know of it would divert. */
function refuseAudit({isAudit}: Terms, a: Subject, b: Subject): Refusal | undefined {
	const old = isAudit ? [a, b].find(({hello}) => !hasWords(hello)) : undefined;
	if (old === undefined) {
		return undefined;
	}

	return {
		code: 'version',
		reason: `the coloopd of ${old.name} does not know mode: audit, and would divert: upgrade it`,
	};
}

/** The same. */
function refuseSelection({selection, rule}: Terms, a: Subject, b: Subject): Refusal | undefined {
	const old = selection && [a, b].find(({hello}) => !hasSelectors(hello));
	if (old === undefined) {
		return undefined;
	}

	return {
		code: 'version',
		reason: `${old.name} does not know only and except (${rule}), and would divert everything: upgrade its coloopd and load the new module`,
	};
}

type LimitsRules = readonly [a: LimitsRule | undefined, b: LimitsRule | undefined];

/** Who may not send everything has a channel only with those who see to it. */
function refuseLimits(a: Domain, b: Domain, [ofA, ofB]: LimitsRules): Refusal | undefined {
	return refuseEnforcement(a, ofA, b) ?? refuseEnforcement(b, ofB, a);
}

function refuseEnforcement(
	limited: Domain,
	rule: LimitsRule | undefined,
	receiver: Domain,
): Refusal | undefined {
	return rule === undefined || hasEnforcement(receiver.hello)
		? undefined
		: {
				code: 'limits',
				reason: `${receiver.name} cannot enforce what ${limited.name} may send (${ruleName(rule)}): its coloopd is older, or has no libnftables`,
			};
}
