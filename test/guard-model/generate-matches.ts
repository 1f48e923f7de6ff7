// SPDX-License-Identifier: MIT
import type {NftFamily} from '../../userland/nftables-js/index.ts';
import {xtMatch} from './generate-xt.ts';
import type {Random} from './random.ts';

export type SetKind = 'device' | 'mac' | 'pair' | 'port' | 'address';

const names = ['vif3.0', 'vif4.0', 'vif3.0', 'vif4.0', 'vif9.0', 'xenbr0', 'xenbr1', 'eth0'];
const patterns = ['vif*', 'vif*', 'vif3*', 'vif4.*', 'xen*', 'eth*', 'vif\\*'];
const macs = ['00:16:3e:00:00:03', '00:16:3e:00:00:04', '00:16:3e:00:00:01'];
const otherMacs = ['00:16:3e:00:00:99', '01:80:c2:00:00:00', '02:00:00:00:00:77'];
const masks = ['ff:ff:ff:00:00:00', 'ff:ff:ff:ff:ff:f0', '01:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'];
const ranges = [
	{range: ['00:16:3e:00:00:00', '00:16:3e:00:00:03']},
	{range: ['00:16:3e:00:00:04', '00:16:3e:00:00:ff']},
	{range: ['00:16:3e:00:00:00', '00:16:3e:00:00:ff']},
	{prefix: {addr: '00:16:3e:00:00:00', len: 24}},
	{prefix: {addr: '00:16:3e:00:00:02', len: 47}},
	{prefix: {addr: '01:00:00:00:00:00', len: 8}},
];

const saddr = {payload: {protocol: 'ether', field: 'saddr'}};

/** Elements that do not overlap, as nft wants them. */
export function setOf(random: Random, kind: SetKind): unknown[] {
	if (kind === 'device') {
		return random.chance(0.2) ? ['vif*', 'eth0'] : unique(random.some(names, 4));
	}
	if (kind === 'port' || kind === 'address') {
		return unique(
			random.some<unknown>(kind === 'port' ? [22, 53, 80] : ['10.0.0.3', '10.0.0.9'], 2),
		);
	}
	if (kind === 'pair') {
		return unique(random.some(names, 4)).map(name => ({
			concat: [
				name,
				random.chance(0.5) ? lockOf(name) : random.pick([...macs, ...otherMacs]),
			],
		}));
	}
	if (random.chance(0.2)) {
		return ranges.slice(0, 2);
	}
	const limit = {rate: 1, burst: 5, per: 'second'};

	return unique(random.some([...macs, ...otherMacs], 4)).map(val =>
		random.chance(0.05)
			? {elem: {val, limit}}
			: random.chance(0.05)
				? {elem: {val, comment: 'x'}}
				: val,
	);
}

/** The address that the guest behind a device has. */
function lockOf(name: string): string {
	return `00:16:3e:00:00:0${/\d/.exec(name)?.[0] ?? 1}`;
}

function unique<T>(values: readonly T[]): T[] {
	return [...new Set(values)];
}

export function matchOf(random: Random, family: NftFamily): object {
	if (random.chance(family === 'ip' || family === 'ip6' ? 0.3 : 0.05)) {
		return xtMatch(random, macs, names);
	}
	const op = random.chance(0.75) ? '==' : '!=';
	const [left, right] = random.pick(comparisons)(random, family);

	return {match: {op, left, right}};
}

type Comparison = (random: Random, family: NftFamily) => [unknown, unknown];

const device: Comparison = (random, family) => {
	const bridge = family === 'bridge' ? ['ibrname', 'obrname'] : [];
	const key = random.pick(['iifname', 'oifname', 'iifname', 'oifname', 'iif', 'oif', ...bridge]);
	const isIndex = key === 'iif' || key === 'oif';
	const right = isIndex
		? random.pick(names)
		: random.pick([
				random.pick(names),
				random.pick(names),
				random.pick(patterns),
				{set: setOf(random, 'device')},
				'@device',
			]);

	return [{meta: {key}}, right];
};

const mac: Comparison = random => {
	const left = {payload: {protocol: 'ether', field: random.pick(['saddr', 'daddr'])}};
	const one = random.pick([...macs, ...otherMacs]);
	if (random.chance(0.2)) {
		const mask = random.pick(masks);

		return [
			{'&': [left, mask]},
			random.pick(['00:16:3e:00:00:00', '01:00:00:00:00:00', '00:00:00:00:00:00', one]),
		];
	}

	return [left, random.pick([one, random.pick(ranges), {set: setOf(random, 'mac')}, '@mac'])];
};

const pair: Comparison = random => [
	{concat: [{meta: {key: 'iifname'}}, saddr]},
	random.chance(0.5) ? '@pair' : {set: setOf(random, 'pair')},
];

const triple: Comparison = random => {
	const protocol = random.pick(['ip', 'ip6']);
	const source = {payload: {protocol, field: 'saddr'}};
	const elements = setOf(random, 'pair') as {concat: unknown[]}[];
	const address = protocol === 'ip' ? '10.0.0.3' : 'fd00::3';

	return [
		{concat: [{meta: {key: 'iifname'}}, saddr, source]},
		{set: elements.map(({concat}) => ({concat: [...concat, address]}))},
	];
};

/** Ranges of which some hold all of a source's addresses, some none, and some a part. */
const source: Comparison = random => {
	const isIp6 = random.chance(0.3);
	const host = (last: number) => (isIp6 ? `fd00::${last.toString(16)}` : `10.0.0.${last}`);
	const literals = [
		...[host(3), host(9), {range: [host(2), host(5)]}, {range: [host(3), host(9)]}],
		{prefix: {addr: host(0), len: isIp6 ? 125 : 29}},
		{prefix: {addr: host(8), len: isIp6 ? 125 : 29}},
		{prefix: {addr: isIp6 ? '::' : '0.0.0.0', len: 0}},
	];

	return [
		{payload: {protocol: isIp6 ? 'ip6' : 'ip', field: 'saddr'}},
		random.chance(0.7)
			? random.pick<unknown>(literals)
			: {set: [random.pick<unknown>(literals), random.pick<unknown>(literals)]},
	];
};

const protocol: Comparison = (random, family) => {
	const nfproto = random.chance(0.5) ? 'ipv4' : 'ipv6';
	const types = random.pick<unknown>([
		'ip',
		'ip6',
		'arp',
		0x86dd,
		{set: ['ip', 'ip6']},
		{set: ['arp', '8021q']},
	]);

	return random.pick<[unknown, unknown]>([
		[{meta: {key: 'protocol'}}, types],
		[{payload: {protocol: 'ether', field: 'type'}}, types],
		[
			{meta: {key: 'nfproto'}},
			family === 'bridge' ? nfproto : random.pick([nfproto, {set: ['ipv4', 'ipv6']}]),
		],
	]);
};

/** What only some of the packets have. */
const some: Comparison = random =>
	random.pick<[unknown, unknown]>([
		[{payload: {protocol: 'tcp', field: 'dport'}}, 22],
		[{payload: {protocol: 'udp', field: 'dport'}}, {set: [22, 53]}],
		[{payload: {protocol: random.pick(['tcp', 'udp', 'th']), field: 'dport'}}, '@port'],
		[{payload: {protocol: 'th', field: 'dport'}}, 80],
		[{payload: {protocol: 'ip', field: 'saddr'}}, '@address'],
		[{payload: {protocol: 'ip', field: 'saddr'}}, '10.0.0.3'],
		[{payload: {protocol: 'ip6', field: 'saddr'}}, 'fd00::3'],
		[{payload: {protocol: 'vlan', field: 'id'}}, 5],
		[{payload: {protocol: 'arp', field: 'operation'}}, 'request'],
		[{payload: {tunnel: 'vxlan', protocol: 'ether', field: 'saddr'}}, random.pick(macs)],
		[{payload: {tunnel: 'vxlan', protocol: 'ether', field: 'saddr'}}, '02:00:00:00:00:77'],
		[{meta: {key: 'l4proto'}}, random.pick(['tcp', 'icmp'])],
		[{meta: {key: 'mark'}}, 1],
		[{meta: {key: 'iifgroup'}}, 1],
		[
			{meta: {key: 'pkttype'}},
			random.pick(['host', 'other', 'multicast', {set: ['broadcast', 'multicast']}]),
		],
		[{fib: {result: 'oif', flags: ['saddr', 'iif']}}, false],
		[{ct: {key: 'state'}}, random.pick<unknown>(['invalid', {set: ['new', 'established']}])],
	]);

const comparisons: readonly Comparison[] = [
	device,
	device,
	device,
	mac,
	mac,
	pair,
	triple,
	source,
	protocol,
	some,
	some,
];
