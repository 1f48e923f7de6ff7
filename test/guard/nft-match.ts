// SPDX-License-Identifier: MIT
import {dom0, guests} from './places.ts';
import type {Random} from './random.ts';

export type NftFamily = 'bridge' | 'netdev' | 'inet' | 'ip' | 'ip6' | 'arp';

export type NftTable = {
	readonly family: NftFamily;
	/** Family and name. */
	readonly at: string;
	readonly subchains: readonly string[];
	readonly sets: Named[];
};

/** `key` is what is looked up in it, `iifname . ether saddr`. */
export type Named = {readonly name: string; readonly key: string};

/** What a rule can look at, and values of it that a packet here may have, or none has. */
type Key = {
	readonly key: string;
	readonly type: string;
	readonly values: readonly string[];
	readonly ranges?: readonly string[];
	readonly families?: readonly NftFamily[];
};

const macs = [...guests, dom0].map(({port}) => port.mac);
const link: readonly NftFamily[] = ['bridge', 'netdev'];
const notArp: readonly NftFamily[] = ['bridge', 'netdev', 'inet', 'ip', 'ip6'];
const devices = ['"vif3.0"', '"vif4.0"', '"vif33.0"', '"xenbr0"', '"vif3*"', '"vif*"', '"eth7"'];
const ip4 = ['10.0.0.3', '10.0.0.4', '10.0.0.1', '192.0.2.77', '172.16.0.1'];
const ip6 = ['fd00::3', 'fd00::4', 'fd00::1', 'fd00:77::77', 'fd01::1'];
const ports = ['22', '80', '53', '123', '443', '4789', '5353', '6001', '9999'];

const keys: readonly Key[] = [
	{key: 'iifname', type: 'ifname', values: devices},
	{key: 'oifname', type: 'ifname', values: devices},
	{key: 'iif', type: 'iface_index', values: ['"vif3.0"', '"vif4.0"', '"xenbr0"']},
	{key: 'oif', type: 'iface_index', values: ['"vif3.0"', '"vif4.0"', '"xenbr0"']},
	{key: 'ibrname', type: 'ifname', values: ['"xenbr0"', '"xenbr1"'], families: ['bridge']},
	{key: 'obrname', type: 'ifname', values: ['"xenbr0"', '"xenbr1"'], families: ['bridge']},
	...['ether saddr', 'ether daddr'].map(key => ({
		key,
		type: 'ether_addr',
		values: [...macs, '52:54:00:00:00:01', 'ff:ff:ff:ff:ff:ff'],
		ranges: ['00:16:3e:00:00:00-00:16:3e:00:00:03', '00:16:3e:00:00:04-00:16:3e:ff:ff:ff'],
	})),
	{key: 'ether type', type: 'ether_type', values: ['ip', 'ip6', 'arp', '0x88cc'], families: link},
	{key: 'meta protocol', type: 'ether_type', values: ['ip', 'ip6', 'arp', 'vlan']},
	{key: 'meta nfproto', type: 'nf_proto', values: ['ipv4', 'ipv6'], families: ['inet', 'ip']},
	{
		key: 'meta l4proto',
		type: 'inet_proto',
		values: ['tcp', 'udp', 'icmp', 'icmpv6', 'esp', 'gre', 'sctp'],
		families: notArp,
	},
	{key: 'meta pkttype', type: 'pkt_type', values: ['host', 'other', 'broadcast', 'multicast']},
	...['tcp dport', 'tcp sport', 'udp dport', 'udp sport', 'th dport'].map(key => ({
		key,
		type: 'inet_service',
		values: ports,
		ranges: ['0-1023', '1024-65535', '50000-60000'],
		families: notArp,
	})),
	...['ip saddr', 'ip daddr'].map(key => ({
		key,
		type: 'ipv4_addr',
		values: ip4,
		ranges: ['10.0.0.0/24', '10.0.0.2-10.0.0.5', '224.0.0.0/4', '0.0.0.0/0'],
		families: ['bridge', 'netdev', 'inet', 'ip'] as const,
	})),
	...['ip6 saddr', 'ip6 daddr'].map(key => ({
		key,
		type: 'ipv6_addr',
		values: ip6,
		ranges: ['fd00::/64', 'ff00::/8', '::/0'],
		families: ['bridge', 'netdev', 'inet', 'ip6'] as const,
	})),
	{key: 'ip protocol', type: 'inet_proto', values: ['tcp', 'udp', 'icmp', 'esp']},
	{key: 'ip6 nexthdr', type: 'inet_proto', values: ['tcp', 'udp', 'icmpv6', 'hopopt']},
	{key: 'ip ttl', type: '', values: ['1', '64'], ranges: ['0-2']},
	{key: 'ip6 hoplimit', type: '', values: ['1', '64']},
	{key: 'ip dscp', type: 'dscp', values: ['ef', 'cs0']},
	{key: 'icmp type', type: '', values: ['echo-request', 'echo-reply', 'destination-unreachable']},
	{key: 'icmpv6 type', type: '', values: ['echo-request', 'nd-neighbor-solicit']},
	{key: 'meta mark', type: 'mark', values: ['0', '7', '0x1']},
	{key: 'meta length', type: '', values: ['50'], ranges: ['0-500', '1000-2000']},
	{key: 'vlan id', type: '', values: ['1', '7'], families: link},
	{key: 'arp operation', type: '', values: ['request', 'reply']},
];

/** What is no comparison with a value out of a list. */
const special: ReadonlyArray<readonly [match: string, families: readonly NftFamily[]]> = [
	['ct state new', notArp],
	['ct state established,related', notArp],
	['ct state invalid', notArp],
	['ct mark 7', notArp],
	['tcp flags syn / syn,ack', notArp],
	['tcp flags & (syn | ack) == syn', notArp],
	['ip frag-off & 0x1fff != 0', ['bridge', 'ip', 'inet', 'netdev']],
	['exthdr frag exists', ['bridge', 'ip6', 'inet']],
	['exthdr hbh exists', ['bridge', 'ip6', 'inet']],
	['ip option ra exists', ['bridge', 'ip', 'inet']],
	['ether saddr & ff:ff:ff:00:00:00 == 00:16:3e:00:00:00', link],
	['ether daddr & 01:00:00:00:00:00 == 0', link],
	['ip saddr & 255.255.255.0 == 10.0.0.0', ['bridge', 'ip', 'inet']],
	['@th,0,16 53', notArp],
	['@ll,48,48 0x00163e000003', link],
	['@nh,72,8 6', ['ip']],
	['fib daddr type local', ['ip', 'ip6', 'inet']],
	['fib saddr . iif oif missing', ['ip', 'ip6']],
	['numgen inc mod 2 == 0', notArp],
	['limit rate 1/second burst 3 packets', notArp],
	['limit rate over 5/second', notArp],
	['udp dport 4789 vxlan ether saddr 52:54:00:00:00:01', notArp],
	['tcp option maxseg size 1-1400', notArp],
	['meta iifkind "bridge"', ['inet', 'ip']],
	['meta iifgroup 0', notArp],
	['meta cpu 0-64', notArp],
	['meta random < 0.5', []],
	['rt ip nexthop 10.0.0.4', ['ip']],
];

/** One match of a rule. */
export function matchOf(random: Random, table: NftTable): string {
	if (random.chance(0.15)) {
		return random.pick(
			special
				.filter(([, families]) => families.includes(table.family))
				.map(([match]) => match)
				.concat('meta pkttype host'),
		);
	}
	const named =
		table.sets.length > 0 && random.chance(0.25) ? random.pick(table.sets) : undefined;
	const negated = random.chance(0.2) ? '!= ' : '';
	if (named) {
		return `${named.key} ${negated}@${named.name}`;
	}
	const key = random.pick(keysOf(table.family));

	return `${key.key} ${random.chance(0.25) ? '!= ' : ''}${valuesOf(random, key)}`;
}

export function keysOf(family: NftFamily): readonly Key[] {
	return keys.filter(({families}) => families === undefined || families.includes(family));
}

function valuesOf(random: Random, {values, ranges = []}: Key): string {
	const any = [...values, ...ranges];
	if (random.chance(0.7)) {
		return random.pick(any);
	}
	const several = new Set(
		random.several(1, 3, () => random.pick(ranges.length > 0 ? any : values)),
	);

	return `{ ${[...several].join(', ')} }`;
}

/** A wildcard is an interval. */
export function plainOf(values: readonly string[]): readonly string[] {
	return values.filter(value => !value.includes('*'));
}
