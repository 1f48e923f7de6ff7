// SPDX-License-Identifier: MIT
import test from 'ava';
import {compileMatch, compileVerdictMap, type Certainty} from '../../../userland/firewall/match.ts';
import type {Traffic} from '../../../userland/firewall/traffic.ts';
import type {NftFamily} from '../../../userland/nftables-js/index.ts';

const traffic: Traffic = {
	protocol: 'ip',
	saddr: '00:16:3e:00:00:03',
	daddr: '00:16:3E:00:00:04',
	input: 'vif3.0',
	output: undefined,
	inputBridge: 'xenbr0',
	outputBridge: '',
	hasEthernet: true,
	ports: undefined,
};
const meta = (key: string) => ({meta: {key}});
const payload = (protocol: string, field: string) => ({payload: {protocol, field}});
const concat = (...parts: readonly unknown[]) => ({concat: parts});
const mask = (left: unknown, right: unknown) => ({'&': [left, right]});
const range = (first: string, last: string) => ({range: [first, last]});
const prefix = (addr: string, len: number) => ({prefix: {addr, len}});
const [saddr, daddr] = [payload('ether', 'saddr'), payload('ether', 'daddr')];

const cases: readonly (readonly [
	left: unknown,
	op: string,
	right: unknown,
	expected: Certainty,
])[] = [
	[meta('iifname'), '==', 'vif3.0', 'always'],
	[meta('iifname'), '==', 'vif*', 'always'],
	[meta('iifname'), '!=', 'vif*', 'never'],
	[meta('iifname'), '==', 'vif3', 'never'],
	[meta('iifname'), '==', 'vif3\\*', 'maybe'],
	[meta('iifname'), '==', {set: ['eth0', 'vif3.*']}, 'always'],
	[meta('iifname'), '==', {set: ['eth0', {elem: {val: 'vif3.0', comment: 'us'}}]}, 'always'],
	[meta('iifname'), '==', {set: ['eth0', 7]}, 'maybe'],
	[meta('iifname'), '==', '@ours', 'always'],
	[meta('iifname'), '!=', '@ours', 'never'],
	[meta('iifname'), '==', '@unknown', 'maybe'],
	[meta('iifname'), '!=', '@none', 'always'],
	[payload('tcp', 'sport'), '!=', '@none', 'maybe'],
	[payload('tcp', 'sport'), '==', '@none', 'never'],
	[
		concat(saddr, payload('tcp', 'dport')),
		'!=',
		{set: [concat('52:54:00:00:00:01', 22)]},
		'maybe',
	],
	[meta('iifname'), '<', 'vif3.0', 'maybe'],
	[meta('iif'), '==', 12, 'maybe'],
	[meta('oifname'), '==', 'eth0', 'maybe'],
	[meta('ibrname'), '==', 'xenbr1', 'never'],
	[meta('ibrname'), '!=', 'xenbr*', 'never'],
	[meta('obrname'), '==', 'xenbr1', 'never'],
	[meta('obrname'), '!=', 'xenbr1', 'maybe'],
	[meta('oifname'), '!=', 'eth0', 'maybe'],
	[meta('iif'), '==', 'vif3.0', 'always'],
	[meta('iif'), '==', 'vif*', 'maybe'],
	[meta('iifgroup'), '==', 'default', 'maybe'],
	[{fib: {result: 'oif', flags: ['saddr', 'iif']}}, '==', false, 'maybe'],
	[meta('protocol'), '==', 'ip', 'always'],
	[meta('protocol'), '==', 'ip6', 'never'],
	[meta('protocol'), '==', {set: ['ip', 'arp']}, 'always'],
	[meta('protocol'), '!=', 0x0806, 'always'],
	[meta('protocol'), '==', 'something', 'maybe'],
	[meta('pkttype'), '==', 'multicast', 'never'],
	[meta('pkttype'), '!=', 'multicast', 'always'],
	[meta('pkttype'), '==', 'host', 'maybe'],
	[meta('mark'), '==', 1, 'maybe'],
	[payload('ether', 'saddr'), '==', '00:16:3e:00:00:03', 'always'],
	[payload('ether', 'daddr'), '==', '00:16:3e:00:00:04', 'always'],
	[payload('ether', 'daddr'), '!=', '00:16:3e:00:00:05', 'always'],
	[saddr, '==', range('00:16:3e:00:00:00', '00:16:3e:00:00:ff'), 'always'],
	[saddr, '!=', range('00:16:3e:00:00:00', '00:16:3e:00:00:ff'), 'never'],
	[saddr, '==', range('00:16:3e:00:00:04', '00:16:3e:00:00:ff'), 'never'],
	[saddr, '==', range('00:16:3e:00:00:03', '00:16:3e:00:00:03'), 'always'],
	[saddr, '==', range('00:16:3e:00:00:04', 'x'), 'maybe'],
	[saddr, '==', prefix('00:16:3e:00:00:00', 24), 'always'],
	[saddr, '==', prefix('00:16:3f:00:00:00', 24), 'never'],
	[saddr, '==', prefix('00:16:3e:00:00:00', 48), 'never'],
	[saddr, '==', prefix('00:16:3e:00:00:00', 49), 'maybe'],
	[
		saddr,
		'==',
		{set: [range('02:00:00:00:00:00', '02:ff:ff:ff:ff:ff'), prefix('00:16:3e:00:00:00', 32)]},
		'always',
	],
	[
		saddr,
		'==',
		{set: ['02:00:00:00:00:00', {elem: {val: '00:16:3e:00:00:03', counter: {}}}]},
		'always',
	],
	[saddr, '<', '00:16:3e:00:00:04', 'maybe'],
	[mask(saddr, 'ff:ff:ff:00:00:00'), '==', '00:16:3e:00:00:00', 'always'],
	[mask(saddr, 'ff:ff:ff:00:00:00'), '!=', '00:16:3e:00:00:00', 'never'],
	[mask(daddr, 'ff:ff:ff:ff:ff:f0'), '==', '01:80:c2:00:00:00', 'never'],
	[mask(daddr, 'ff:ff:ff:ff:ff:f0'), '==', '@unknown', 'maybe'],
	[mask(meta('iifname'), 'ff:ff:ff:ff:ff:f0'), '==', 'vif3.0', 'maybe'],
	[{'|': [saddr, 'ff:ff:ff:00:00:00']}, '==', '00:16:3e:00:00:00', 'maybe'],
	[{'&': [saddr, 'ff:ff:ff:00:00:00', 'ff:ff:ff:ff:ff:ff']}, '==', '00:16:3e:00:00:00', 'maybe'],
	[
		concat(meta('iifname'), saddr),
		'==',
		{set: [concat('vif3.0', '00:16:3e:00:00:03')]},
		'always',
	],
	[concat(meta('iifname'), saddr), '==', {set: [concat('vif3.0', '00:16:3e:00:00:04')]}, 'never'],
	[
		concat(meta('iifname'), saddr),
		'!=',
		{set: [concat('vif3.0', '00:16:3e:00:00:04')]},
		'always',
	],
	[concat(meta('iifname'), saddr), '==', '@locks', 'always'],
	[
		concat(meta('iifname'), saddr),
		'==',
		{set: [concat('vif*', prefix('00:16:3e:00:00:00', 24))]},
		'always',
	],
	[concat(meta('iifname'), saddr), '==', {set: [concat('vif3.0', saddr, daddr)]}, 'maybe'],
	[
		concat(payload('ip', 'saddr'), saddr),
		'==',
		{set: [concat('10.0.0.3', '00:16:3e:00:00:03')]},
		'maybe',
	],
	[
		concat(payload('ip', 'saddr'), saddr),
		'==',
		{set: [concat('10.0.0.3', '00:16:3e:00:00:04')]},
		'never',
	],
	[
		concat(payload('ip6', 'saddr'), saddr),
		'!=',
		{set: [concat('::1', '00:16:3e:00:00:03')]},
		'never',
	],
	[
		{payload: {tunnel: 'vxlan', protocol: 'ether', field: 'saddr'}},
		'==',
		'00:16:3e:00:00:04',
		'maybe',
	],
	[{payload: {tunnel: 'vxlan', protocol: 'ip6', field: 'saddr'}}, '==', '::1', 'maybe'],
	[{meta: {key: 'iifname', more: 1}}, '==', 'eth0', 'maybe'],
	[payload('vlan', 'id'), '==', 5, 'never'],
	[payload('vlan', 'type'), '!=', 'arp', 'never'],
	[meta('iifname'), '==', {set: ['*']}, 'always'],
	[payload('ether', 'type'), '==', 'arp', 'never'],
	[payload('ether', 'other'), '==', 'arp', 'maybe'],
	[payload('arp', 'operation'), '!=', 'request', 'never'],
	[payload('ip6', 'saddr'), '!=', '::1', 'never'],
	// An IPv4 packet of protocol 58 matches 'meta l4proto icmpv6 icmpv6 type echo-request'.
	[payload('icmpv6', 'type'), '==', 'echo-request', 'maybe'],
	[payload('icmp', 'type'), '==', 'echo-request', 'maybe'],
	[payload('ip', 'saddr'), '==', '10.0.0.1', 'maybe'],
	[mask(saddr, 1), '==', 0, 'maybe'],
	[null, '==', null, 'maybe'],
];

const elements: Readonly<Record<string, readonly unknown[]>> = {
	ours: ['vif3.0'],
	none: [],
	locks: [concat('vif4.0', '00:16:3e:00:00:04'), concat('vif3.0', '00:16:3e:00:00:03')],
	verdicts: [
		[concat('vif4.0', '00:16:3e:00:00:04'), {accept: null}],
		[concat('vif3.0', '00:16:3e:00:00:03'), {drop: null}],
	],
};
const find = (name: string) => elements[name];
const evaluate = (match: object, of: Partial<Traffic> = {}, family: NftFamily = 'bridge') =>
	compileMatch(match, family, find).test({...traffic, ...of});

for (const [left, op, right, expected] of cases) {
	test(`${JSON.stringify(left)} ${op} ${JSON.stringify(right)}: ${expected}`, t => {
		t.is(evaluate({left, op, right}), expected);
	});
}

test('a match with more to it than a comparison is not understood', t => {
	const match = {left: meta('iifname'), op: '==', right: 'eth0'};

	t.is(evaluate(match), 'never');
	t.is(evaluate({...match, more: 1}), 'maybe');
});

test('where the kernel passes no device, none is equal; kernels differ in what is unequal', t => {
	const of = {input: ''};
	const compare = (op: string, right: unknown) =>
		evaluate({left: meta('iifname'), op, right}, of);

	t.is(compare('==', 'eth0'), 'never');
	t.is(compare('==', 'vif*'), 'never');
	t.is(compare('==', {set: ['eth0', 'vif3.0']}), 'never');
	t.is(compare('!=', 'eth0'), 'maybe');
	t.is(compare('==', '*'), 'maybe');
});

test('the protocol family is one of IP in IP chains only', t => {
	const match = {left: meta('nfproto'), op: '==', right: 'ipv4'};

	for (const family of ['inet', 'ip'] as const) {
		t.is(evaluate(match, {}, family), 'always');
	}
	for (const family of ['bridge', 'netdev'] as const) {
		t.is(evaluate(match, {}, family), 'maybe');
	}
	t.is(evaluate(match, {protocol: 'ip6'}, 'inet'), 'never');
});

test('IP chains without an input device do not compare Ethernet addresses', t => {
	const of = {hasEthernet: false};

	for (const [left, right] of [
		[saddr, '00:16:3e:00:00:03'],
		[mask(saddr, 'ff:ff:ff:00:00:00'), '00:16:3e:00:00:00'],
		[payload('ether', 'type'), 'ip'],
	]) {
		t.is(evaluate({left, op: '==', right}, of, 'inet'), 'maybe');
		t.is(evaluate({left, op: '==', right}, of, 'bridge'), 'always');
		t.is(evaluate({left, op: '==', right}, {}, 'inet'), 'always');
	}
});

test('what can only match one of some values says which', t => {
	const pin = (left: unknown, right: unknown, op = '==') => {
		const found = compileMatch({left, op, right}, 'bridge', find).pin;

		return found && [found.index, ...found.values].join(' ');
	};

	t.is(pin(meta('iifname'), 'vif3.0'), 'input vif3.0');
	t.is(pin(meta('oifname'), {set: ['vif3.0', 'eth0']}), 'output vif3.0 eth0');
	t.is(pin(saddr, '00:16:3E:00:00:03'), 'saddr 00:16:3e:00:00:03');
	t.is(pin(concat(meta('iifname'), saddr), '@locks'), 'input vif4.0 vif3.0');
	t.is(pin(meta('iifname'), 'vif*'), undefined);
	t.is(pin(meta('iifname'), {set: ['vif3.0', 'vif*']}), undefined);
	t.is(pin(meta('iifname'), 'vif3.0', '!='), undefined);
	t.is(pin(meta('iifname'), '@unknown'), undefined);
	t.is(pin(mask(saddr, 'ff:ff:ff:ff:ff:ff'), '00:16:3e:00:00:03'), undefined);
	t.is(pin(meta('ibrname'), 'xenbr0'), undefined);
});

test('a verdict map says what it may say', t => {
	const choose = (key: unknown, data: unknown, of: Partial<Traffic> = {}) => {
		const found = compileVerdictMap({key, data}, 'bridge', find)?.choose({...traffic, ...of});

		return found && {...found, verdicts: found.verdicts.map(each => JSON.stringify(each))};
	};
	const [accept, drop] = ['{"accept":null}', '{"drop":null}'];
	const lock = concat(meta('iifname'), saddr);
	const names = (...pairs: readonly (readonly [unknown, unknown])[]) => ({set: pairs});
	const verdicts = [{accept: null}, {drop: null}] as const;

	t.deepEqual(choose(lock, '@verdicts'), {verdicts: [drop], isPartial: false});
	t.deepEqual(choose(lock, '@verdicts', {input: 'vif5.0'}), {verdicts: [], isPartial: true});
	t.deepEqual(choose(lock, '@verdicts', {input: undefined}), {
		verdicts: [drop],
		isPartial: true,
	});
	t.is(choose(lock, '@unknown'), undefined);
	t.is(choose(lock, '@ours'), undefined);
	t.deepEqual(choose(meta('iifname'), names(['vif*', verdicts[0]], ['*', verdicts[1]])), {
		verdicts: [accept],
		isPartial: false,
	});
	t.deepEqual(choose(meta('iifname'), names(['eth0', verdicts[0]], ['*', verdicts[1]])), {
		verdicts: [drop],
		isPartial: false,
	});
	t.deepEqual(choose(meta('mark'), names([1, verdicts[0]], [2, verdicts[1]])), {
		verdicts: [accept, drop],
		isPartial: true,
	});
	t.deepEqual(choose(payload('tcp', 'dport'), names([22, verdicts[0]], ['*', verdicts[0]])), {
		verdicts: [accept, accept],
		isPartial: true,
	});
	t.deepEqual(choose(payload('ip6', 'saddr'), names(['::1', verdicts[1]], ['*', verdicts[1]])), {
		verdicts: [],
		isPartial: true,
	});
});
