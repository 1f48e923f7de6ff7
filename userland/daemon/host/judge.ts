// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import type {Limits} from '../../limits.ts';
import {ruleName} from '../../policy/rule-name.ts';
import type {Identity, LimitsRule, PairRule, Verdict} from '../../policy/types.ts';
import {whoText} from '../../policy/who.ts';
import type {Domain} from '../../xenstore/discover.ts';
import {hasEnforcement, hasWords} from '../../xenstore/features.ts';
import {speaks} from '../../xenstore/values.ts';
import type {Refusal} from '../refusal.ts';
import {refuseApart} from './apart.ts';
import type {Port, Topology} from './ports.ts';
import {subjectsOf, type Subject} from './subjects.ts';

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

export type SharedLink = {readonly a: Port; readonly b: Port};

/** What policy says about a pair; pairs for which the same rule decides share the object. */
export type Terms = {
	/** Where the policy decided, for people. */
	readonly rule: string | undefined;
	/** Stays the same while the same words decide, wherever in the files they stand. */
	readonly digest: string;
	readonly ringPages: number | undefined;
	readonly ringPagesMin: number | undefined;
	readonly queues: number;
	readonly idleTimeoutS: number | undefined;
	readonly isEager: boolean;
	readonly isAudit: boolean;
};

export type PairVerdict = {
	readonly a: Subject;
	readonly b: Subject;
	readonly terms: Terms;
	/** Where the channel runs; of a pair that is refused whatever its links, where the two meet. */
	readonly links: readonly SharedLink[];
	/** What a and b may send. Each is for the other end to enforce. */
	readonly limits: PairLimits;
	/** Why the pair is not announced; undefined where it is. */
	readonly refusal: Refusal | undefined;
};

/** Undefined: neither has any. */
export type PairLimits = readonly [a: Limits | undefined, b: Limits | undefined] | undefined;

/** More rarely pay: flows are few, and the memory is shared among them. */
const defaultQueues = 4;

/** The kernel's limit, see kmod/spec/coloop.yaml. */
const linksMax = 16;

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
	const limits = limitsOf(rules);
	const refusal =
		refuseDomain(a) ??
		refuseDomain(b) ??
		refuseHeld(a, b, criteria) ??
		refuseShared(verdict, a, b, criteria) ??
		refusePolicy(verdict, terms) ??
		refuseMisnamed(a, b) ??
		refuseMisnamed(b, a) ??
		refuseAudit(terms, a, b) ??
		refuseLimits(a, b, rules);
	if (refusal) {
		return {a, b, terms, links: shared, limits, refusal};
	}

	const {links, refusal: linkRefusal} = judgeLinks(a, b, shared, criteria, limits);

	return {a, b, terms, links, limits, refusal: linkRefusal};
}

/** Every way between two domains over one bridge. */
export function sharedLinks({ports: ours}: Subject, {ports: theirs}: Subject): SharedLink[] {
	const links: SharedLink[] = [];

	for (const a of ours) {
		for (const b of theirs) {
			if (a.bridge === b.bridge && links.length < sharedMax) {
				links.push({a, b});
			}
		}
	}

	return links;
}

/** More than that are neither judged nor shown: two guests with 16 vifs each on a bridge have 256. */
const sharedMax = 256;

function judgeLinks(
	a: Subject,
	b: Subject,
	shared: readonly SharedLink[],
	criteria: Criteria,
	limits: PairLimits,
): Pick<PairVerdict, 'links' | 'refusal'> {
	const links: SharedLink[] = [];
	let first: Refusal | undefined;

	for (const link of shared) {
		const refusal = refuseLink(a, b, link, criteria, limits);

		if (refusal) {
			first ??= refusal;
		} else if (links.push(link) === linksMax) {
			break;
		}
	}

	return {links, refusal: links.length > 0 ? undefined : (first ?? refusePlaces(a, b, criteria))};
}

/** Many pairs are apart, and nobody asks why: the sentence is made for who does. */
function refusePlaces(a: Domain, b: Domain, {topology}: Criteria): Refusal {
	return {
		code: 'bridge',
		get reason() {
			return refuseApart({a, b}, topology).reason;
		},
	};
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
	const [shared] = [a, b].filter(({isNameShared}) => isNameShared);
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

function refuseLink(
	{ambiguousPorts: ours}: Subject,
	{ambiguousPorts: theirs}: Subject,
	{a, b}: SharedLink,
	{bypassed}: Criteria,
	limits: PairLimits,
): Refusal | undefined {
	/* The toolstack's rate is for all that a vif sends; policy may say what a channel may carry of it. */
	const isUnmet = ({rate}: Port, end: 0 | 1) =>
		rate !== undefined && limits?.[end]?.rate === undefined;
	const limited = isUnmet(a, 0) ? a : isUnmet(b, 1) ? b : undefined;
	if (limited) {
		return {code: 'rate', reason: `${limited.name} has a rate limit`};
	}
	const twice = ours.includes(a) ? a : theirs.includes(b) ? b : undefined;
	if (twice) {
		return {code: 'mac', reason: `${twice.mac} is on ${twice.bridge} twice`};
	}
	const rule = bypassed(a, b);

	return rule === undefined ? undefined : {code: 'rule', reason: rule};
}

type LimitsRules = readonly [a: LimitsRule | undefined, b: LimitsRule | undefined];

function limitsOf([a, b]: LimitsRules): PairLimits {
	return a === undefined && b === undefined ? undefined : [a?.limits, b?.limits];
}

/** Who may not send everything has a channel only with those who see to it. */
function refuseLimits(a: Domain, b: Domain, [ofA, ofB]: LimitsRules): Refusal | undefined {
	const refuse = (limited: Domain, rule: LimitsRule | undefined, receiver: Domain) =>
		rule === undefined || hasEnforcement(receiver.hello)
			? undefined
			: {
					code: 'limits' as const,
					reason: `${receiver.name} cannot enforce what ${limited.name} may send (${ruleName(rule)}): its coloopd is older, or has no libnftables`,
				};

	return refuse(a, ofA, b) ?? refuse(b, ofB, a);
}

const termsByRule = new WeakMap<object, Terms>();

/** For the verdict that no rule gave. */
const noRule = {};

function termsOf({action, rule}: Verdict<PairRule>): Terms {
	let terms = termsByRule.get(rule ?? noRule);

	if (!terms) {
		const {ringPages, ringPagesMin, queues, idleTimeoutS, isOnDemand, isAudit} = rule ?? {};
		const words = [ringPages, ringPagesMin, queues].map(word => word ?? 'default');
		const others = [idleTimeoutS, isOnDemand, isAudit].filter(word => word !== undefined);
		const whos = rule?.between.map(whoText) ?? [];
		const text = [action, ...whos, ...words, ...others.map(String)].join(' ');
		const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
		terms = {
			...{rule: ruleName(rule), digest, ringPages, ringPagesMin},
			queues: queues ?? defaultQueues,
			...{idleTimeoutS, isEager: isOnDemand === false, isAudit: isAudit === true},
		};
		termsByRule.set(rule ?? noRule, terms);
	}

	return terms;
}
