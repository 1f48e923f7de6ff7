// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import type {PairRule, Verdict} from '../../policy/types.ts';
import type {Domain} from '../../xenstore/discover.ts';
import {hasLinkState} from '../../xenstore/features.ts';
import {mtuMax, speaks, type AnnouncedLink} from '../../xenstore/values.ts';
import {ruleName} from '../../policy/rule-name.ts';
import type {Refusal} from '../refusal.ts';
import {refuseApart} from './apart.ts';
import {ambiguousNames} from './namesakes.ts';
import {portsOf, type Port, type Topology} from './ports.ts';

/** What two domains are judged by. */
export type Law = {
	readonly topology: Topology;
	readonly decide: (nameA: string, nameB: string) => Verdict<PairRule>;
	/** The rule of dom0 that a channel between two ports would bypass, as a sentence. */
	readonly bypassed: (a: Port, b: Port) => string | undefined;
	readonly isHeld: (nameA: string, nameB: string) => boolean;
};

export type Pair = {readonly a: Domain; readonly b: Domain};

export type SharedLink = {readonly a: Port; readonly b: Port};

export type PairVerdict = Pair & {
	/** Where the policy decided, for people. */
	readonly rule: string | undefined;
	readonly digest: string;
	readonly ringPages: number | undefined;
	readonly ringPagesMin: number | undefined;
	readonly queues: number;
	/** Where the channel runs; of a pair that is refused whatever its links, where the two meet. */
	readonly links: readonly SharedLink[];
	/** Why the pair is not announced; undefined where it is. */
	readonly refusal: Refusal | undefined;
};

/** More rarely pay: flows are few, and the memory is shared among them. */
const defaultQueues = 4;

/** The kernel's limit, see kmod/spec/coloop.yaml. */
const linksMax = 16;

/** Every pair of domains with its verdict, lower domid first. */
export function judge(domains: readonly Domain[], law: Law): PairVerdict[] {
	const ports = portsOf(domains, law.topology);
	const places = {
		ports,
		ambiguous: ambiguousMacs([...ports.values()].flat()),
		unnamed: ambiguousNames(domains),
	};
	return domains.flatMap((a, index) =>
		domains.slice(index + 1).map(b => judgePair({a, b}, law, places)),
	);
}

/** What one end is told about the links of the pair. */
export function linksFor(end: 'a' | 'b', {a, b, links}: PairVerdict): AnnouncedLink[] {
	const knowsMtu = hasLinkState((end === 'a' ? a : b).hello);
	return links.map(link => {
		const [own, peer] = end === 'a' ? [link.a, link.b] : [link.b, link.a];
		const way = {vif: own.vif, localMac: own.mac, remoteMac: peer.mac};
		const mtu = Math.min(own.mtu, peer.mtu, mtuMax);
		return knowsMtu && mtu > 0 ? {...way, mtu} : way;
	});
}

/**
 * Where the domains touch bridges, the addresses that are on one of them twice, and domains whose
 * names do not say who they are.
 */
type Places = {
	readonly ports: ReadonlyMap<number, readonly Port[]>;
	readonly ambiguous: ReadonlySet<string>;
	readonly unnamed: ReadonlyMap<number, Refusal>;
};

function judgePair(pair: Pair, law: Law, {ports, ambiguous, unnamed}: Places): PairVerdict {
	const {a, b} = pair;
	const verdict = law.decide(a.name, b.name);
	const shared = sharedLinks(ports.get(a.domid) ?? [], ports.get(b.domid) ?? []);
	const word =
		refuseDomain(a) ??
		refuseDomain(b) ??
		refuseHeld(pair, law) ??
		refusePolicy(verdict) ??
		unnamed.get(a.domid) ??
		unnamed.get(b.domid);
	const {links, refusal} = word
		? {links: shared, refusal: word}
		: judgeLinks(shared, law, ambiguous, pair);
	return {
		a,
		b,
		rule: ruleName(verdict.rule),
		digest: digest(verdict),
		ringPages: verdict.rule?.ringPages,
		ringPagesMin: verdict.rule?.ringPagesMin,
		queues: Math.min(a.vcpus, b.vcpus, verdict.rule?.queues ?? defaultQueues),
		links: links.slice(0, linksMax),
		refusal,
	};
}

/** Walks dom0's rules, most of the work there is: only for a pair that nothing else refuses. */
function judgeLinks(
	shared: readonly SharedLink[],
	law: Law,
	ambiguous: ReadonlySet<string>,
	pair: Pair,
) {
	const reasons = shared.map(link => refuseLink(link, law, ambiguous));
	const links = shared.filter((_, index) => reasons[index] === undefined);
	return {
		links,
		refusal: links.length > 0 ? undefined : (reasons[0] ?? refuseApart(pair, law.topology)),
	};
}

function refuseDomain({name, hello, domid}: Domain): Refusal | undefined {
	if (hello === undefined) {
		const where = domid === 0 ? 'dom0' : name;
		return {code: 'absent', reason: `${where} does not run coloopd with the coloop module`};
	}
	if (speaks(hello)) return undefined;
	return {
		code: 'version',
		reason: `${name} speaks version ${hello.min} to ${hello.max}, we do not`,
	};
}

function refuseHeld({a, b}: Pair, {isHeld}: Law): Refusal | undefined {
	if (!isHeld(a.name, b.name)) return undefined;
	return {code: 'held', reason: `taken down by \`coloop down ${a.name} ${b.name}\``};
}

function refusePolicy(verdict: Verdict<PairRule>): Refusal | undefined {
	if (verdict.action === 'allow') return undefined;
	const by = ruleName(verdict.rule);
	return {
		code: 'policy',
		reason: by === undefined ? "no rule of dom0's policy allows it" : `denied by ${by}`,
	};
}

function refuseLink({a, b}: SharedLink, law: Law, ambiguous: ReadonlySet<string>) {
	const limited = [a, b].find(port => port.rate !== undefined);
	if (limited) return {code: 'rate', reason: `${limited.name} has a rate limit`} as const;
	const twice = [a, b].find(port => ambiguous.has(macKey(port)));
	if (twice) return {code: 'mac', reason: `${twice.mac} is on ${twice.bridge} twice`} as const;
	const rule = law.bypassed(a, b);
	return rule === undefined ? undefined : ({code: 'rule', reason: rule} as const);
}

function sharedLinks(ours: readonly Port[], theirs: readonly Port[]): SharedLink[] {
	return ours.flatMap(own =>
		theirs.filter(peer => peer.bridge === own.bridge).map(peer => ({a: own, b: peer})),
	);
}

/** Addresses that name no one port of a bridge: whom a packet is for could not be told. */
function ambiguousMacs(ports: readonly Port[]): Set<string> {
	const seen = new Set<string>();
	const twice = new Set<string>();
	for (const key of ports.map(macKey)) (seen.has(key) ? twice : seen).add(key);
	return twice;
}

function macKey({bridge, mac}: Port): string {
	return `${bridge} ${mac}`;
}

/** Stays the same while the same words decide, wherever in the files they stand. */
function digest({action, rule}: Verdict<PairRule>): string {
	const words = [
		action,
		...(rule?.between ?? []),
		rule?.ringPages ?? 'default',
		rule?.ringPagesMin ?? 'default',
		rule?.queues ?? 'default',
	].join(' ');
	return createHash('sha256').update(words).digest('hex').slice(0, 8);
}
