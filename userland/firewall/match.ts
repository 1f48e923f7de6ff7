// SPDX-License-Identifier: MIT
import type {NftSet} from '../nftables-js/index.ts';
import {matchesDevice, type Traffic} from './traffic.ts';

/** Of all packets of some traffic: do all match, none, or is that not known? */
export type Certainty = 'always' | 'never' | 'maybe';

/**
 * A `match` statement's value, as libnftables-json(5) has it. `findSet` finds `@name` in the rule's table, if packets
 * cannot change it.
 */
export function evaluateMatch(
	match: unknown,
	traffic: Traffic,
	findSet: (name: string) => NftSet | undefined,
): Certainty {
	const {op, left, right} = fields(match);
	if (excludesProtocol(left, traffic)) return 'never';
	const test = testOf(left, traffic);

	if (!test || (op !== '==' && op !== '!=')) return 'maybe';
	const equal = anyOf(alternatives(right, findSet), test);
	if (equal === undefined) return 'maybe';

	return equal === (op === '==') ? 'always' : 'never';
}

/** Whether the traffic's value equals a literal of a rule; undefined: cannot tell. */
type Test = (literal: unknown) => boolean | undefined;

/** nft compares a header only in packets that have it (it adds the check itself, unseen). */
function excludesProtocol(left: unknown, {protocol}: Traffic): boolean {
	const header = fields(fields(left)['payload'])['protocol'];
	const others = protocol === 'ip' ? ['arp', 'ip6', 'icmpv6'] : ['arp', 'ip', 'icmp'];

	return typeof header === 'string' && others.includes(header);
}

function testOf(left: unknown, traffic: Traffic): Test | undefined {
	const {meta, payload} = fields(left);
	const {key} = fields(meta);
	const {protocol, field} = fields(payload);

	if (key === 'iifname' || key === 'iif') return isDevice(traffic.input);
	if (key === 'oifname' || key === 'oif') return isDevice(traffic.output);
	if (key === 'ibrname') return traffic.input && isDevice([traffic.bridge]);
	if (key === 'obrname') return traffic.output && isDevice([traffic.bridge]);
	if (key === 'protocol') return isProtocol(traffic);
	if (key === 'nfproto') return isFamily(traffic);
	if (key === 'pkttype') return isUnicast;
	if (protocol !== 'ether') return undefined;
	if (field === 'saddr') return isAddress(traffic.saddr);
	if (field === 'daddr') return isAddress(traffic.daddr);

	return field === 'type' ? isProtocol(traffic) : undefined;
}

function isDevice(names: readonly string[] | undefined): Test | undefined {
	return (
		names &&
		(literal => {
			// A number is the index of a device that is gone; a backslash quotes a star.
			if (typeof literal !== 'string' || literal.includes('\\')) return undefined;
			const [first, ...rest] = names.map(name => matchesDevice(literal, name));

			return rest.every(other => other === first) ? first : undefined;
		})
	);
}

function isAddress(mac: string): Test {
	return literal =>
		typeof literal === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(literal)
			? literal.toLowerCase() === mac.toLowerCase()
			: undefined;
}

const etherTypes: Readonly<Record<string, number>> = {
	ip: 0x0800,
	ip6: 0x86dd,
	arp: 0x0806,
	vlan: 0x8100,
	'8021q': 0x8100,
	'8021ad': 0x88a8,
};

function isProtocol({protocol}: Traffic): Test {
	return literal => {
		const type = typeof literal === 'string' ? etherTypes[literal] : literal;

		return typeof type === 'number' ? type === etherTypes[protocol] : undefined;
	};
}

function isFamily({protocol}: Traffic): Test {
	const known: Readonly<Record<string, string>> = {ipv4: 'ip', ipv6: 'ip6'};

	return literal => {
		const family = typeof literal === 'string' ? known[literal] : undefined;

		return family === undefined ? undefined : family === protocol;
	};
}

/** Whether a unicast frame is to this host or to another depends on the hook. */
function isUnicast(literal: unknown): boolean | undefined {
	return literal === 'broadcast' || literal === 'multicast' ? false : undefined;
}

function anyOf(literals: readonly unknown[] | undefined, test: Test): boolean | undefined {
	if (!literals) return undefined;
	const results = literals.map(test);

	return results.includes(true) ? true : results.includes(undefined) ? undefined : false;
}

/** What the right side stands for; undefined where that is not known. */
function alternatives(
	right: unknown,
	findSet: (name: string) => NftSet | undefined,
): readonly unknown[] | undefined {
	const {set: inline} = fields(right);
	if (Array.isArray(inline)) return inline.map(valueOf);
	if (typeof right !== 'string' || !right.startsWith('@')) return [right];

	const named = findSet(right.slice(1));
	if (!named || named.flags.includes('dynamic') || named.flags.includes('timeout'))
		return undefined;

	return named.elements.map(valueOf);
}

/** Elements with a comment or a counter come wrapped. */
function valueOf(element: unknown): unknown {
	return fields(fields(element)['elem'])['val'] ?? element;
}

/** The fields of an object; none of anything else. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? Object.fromEntries(Object.entries(value))
		: {};
}
