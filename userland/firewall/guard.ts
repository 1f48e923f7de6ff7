// SPDX-License-Identifier: MIT
import type {NftChain, NftFamily, NftRule, NftRuleset} from '../nftables-js/index.ts';
import {indexRuleset, keyOf, type Book} from './book.ts';
import {evaluateMatch, fields} from './match.ts';
import {findPhysdev} from './physdev.ts';
import {visits, type Traffic} from './traffic.ts';
import type {Port, Protocol, RuleRef} from './types.ts';

/** Whether bridged IPv4 and IPv6 pass dom0's IP chains (bridge-nf-call-iptables, -ip6tables). */
export type FiltersIp = Readonly<Record<Protocol, boolean>>;

/** The first rule that a channel between two ports would bypass; undefined if there is none. */
export type Guard = (a: Port, b: Port, filtersIp: FiltersIp) => RuleRef | undefined;

/**
 * A rule is bypassed if it could drop, reject, queue, limit, log or change what passes between the two ports, or keep
 * a record that decides about later packets. Plain counters do not count. What is not understood does.
 */
export function createGuard(ruleset: NftRuleset): Guard {
	const book = indexRuleset(ruleset);

	return (a, b, filtersIp) => {
		for (const {traffic, sees} of visits(a, b, filtersIp))
			for (const chain of ruleset.chains) {
				if (!chain.base || !sees(chain.family, chain.base)) continue;
				const found = checkBaseChain(book, chain, chain.base.policy, traffic);
				if (found) return found;
			}

		if (a.kind === 'vif' && b.kind === 'vif') return undefined;
		const physdev = findPhysdev(book, filtersIp);

		return physdev && matters(physdev);
	};
}

/** What surely becomes of all the traffic in a chain or rule, or else the rule that matters. */
type Fate =
	/** Accepted: the base chain is done with it. */
	| 'accepted'
	/** Back to the chain that jumped here, or to the policy. */
	| 'returns'
	/** Some of it, maybe all, goes on to the next rule. */
	| 'goes on'
	| RuleRef;

type Walk = {
	readonly book: Book;
	readonly traffic: Traffic;
	/** Chains already walked for this traffic; `undefined`: in the midst of it. */
	readonly fates: Map<string, Fate | undefined>;
};

function checkBaseChain(
	book: Book,
	chain: NftChain,
	policy: string | undefined,
	traffic: Traffic,
): RuleRef | undefined {
	const fate = walkChain({book, traffic, fates: new Map()}, chain);

	if (isFound(fate)) return fate;
	if (fate === 'accepted' || policy === 'accept') return undefined;

	return refer(chain, chain.name, chain.handle, `policy ${policy ?? 'unknown'}`);
}

function walkChain(walk: Walk, chain: NftChain): Fate {
	const key = keyOf(chain, chain.name);
	const known = walk.fates.get(key);

	if (known) return known;
	// The kernel refuses loops; a ruleset that has one is not the kernel's.
	if (walk.fates.has(key)) return refer(chain, chain.name, chain.handle, 'a loop of jumps');

	walk.fates.set(key, undefined);
	const fate = walkRules(walk, walk.book.rules.get(key) ?? []);
	walk.fates.set(key, fate);

	return fate;
}

function walkRules(walk: Walk, rules: readonly NftRule[]): Fate {
	for (const rule of rules) {
		const fate = walkRule(walk, rule);
		if (fate !== 'goes on') return fate;
	}

	return 'returns';
}

function walkRule(walk: Walk, rule: NftRule): Fate {
	const findSet = (name: string) => walk.book.sets.get(keyOf(rule, name));
	let isCertain = true;

	for (const statement of rule.expr) {
		const [[kind, value] = ['', undefined], ...more] = Object.entries(fields(statement));
		if (more.length > 0) return matters(rule);

		switch (kind) {
			case 'match': {
				const certainty = evaluateMatch(value, walk.traffic, findSet);
				if (certainty === 'never') return 'goes on';
				if (certainty === 'maybe') isCertain = false;
				break;
			}
			case 'xt':
				if (!isPlainMatch(value)) return matters(rule);
				isCertain = false;
				break;
			case 'counter':
				break;
			case 'accept':
				return isCertain ? 'accepted' : 'goes on';
			case 'return':
				return isCertain ? 'returns' : 'goes on';
			case 'continue':
				return 'goes on';
			case 'jump':
			case 'goto':
				return follow(walk, rule, kind, value, isCertain);
			default:
				return matters(rule);
		}
	}

	return 'goes on';
}

function follow(
	walk: Walk,
	rule: NftRule,
	how: 'jump' | 'goto',
	value: unknown,
	isCertain: boolean,
): Fate {
	const {target} = fields(value);
	const chain =
		typeof target === 'string' ? walk.book.chains.get(keyOf(rule, target)) : undefined;
	if (!chain) return matters(rule);

	const fate = walkChain(walk, chain);
	if (isFound(fate)) return fate;
	if (!isCertain) return 'goes on';

	return fate === 'accepted' ? 'accepted' : how === 'goto' ? 'returns' : 'goes on';
}

/**
 * Matches of iptables that look and do nothing else. Xen's own hotplug scripts add an accept with `physdev` for each
 * vif. Libraries that do not tell the name give null, which counts as not understood.
 */
function isPlainMatch(value: unknown): boolean {
	const {type, name} = fields(value);
	const plain = ['addrtype', 'comment', 'conntrack', 'iprange', 'mac', 'mark', 'multiport'];

	return (
		type === 'match' &&
		typeof name === 'string' &&
		[...plain, 'physdev', 'pkttype', 'state', 'tcp', 'udp'].includes(name)
	);
}

function isFound(fate: Fate): fate is RuleRef {
	return typeof fate === 'object';
}

function matters(rule: NftRule): RuleRef {
	return refer(rule, rule.chain, rule.handle, rule.comment ?? JSON.stringify(rule.expr));
}

function refer(
	{family, table}: {family: NftFamily; table: string},
	chain: string,
	handle: number,
	text: string,
): RuleRef {
	return {family, table: `${family} ${table}`, chain, handle, text};
}
