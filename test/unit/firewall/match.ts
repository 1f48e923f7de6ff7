// SPDX-License-Identifier: MIT
import test from 'ava';
import {evaluateMatch, type Certainty} from '../../../userland/firewall/match.ts';
import type {Traffic} from '../../../userland/firewall/traffic.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';

const traffic: Traffic = {
	protocol: 'ip',
	saddr: '00:16:3e:00:00:03',
	daddr: '00:16:3E:00:00:04',
	input: ['vif3.0'],
	output: undefined,
	bridge: 'xenbr0',
};
const meta = (key: string) => ({meta: {key}});
const payload = (protocol: string, field: string) => ({payload: {protocol, field}});

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
	[meta('iifname'), '<', 'vif3.0', 'maybe'],
	[meta('iif'), '==', 12, 'maybe'],
	[meta('oifname'), '==', 'eth0', 'maybe'],
	[meta('ibrname'), '==', 'xenbr1', 'never'],
	[meta('obrname'), '==', 'xenbr1', 'maybe'],
	[meta('protocol'), '==', 'ip', 'always'],
	[meta('protocol'), '==', 'ip6', 'never'],
	[meta('protocol'), '==', {set: ['ip', 'arp']}, 'always'],
	[meta('protocol'), '!=', 0x0806, 'always'],
	[meta('protocol'), '==', 'something', 'maybe'],
	[meta('nfproto'), '==', 'ipv4', 'always'],
	[meta('nfproto'), '==', 'ipv6', 'never'],
	[meta('pkttype'), '==', 'multicast', 'never'],
	[meta('pkttype'), '!=', 'multicast', 'always'],
	[meta('pkttype'), '==', 'host', 'maybe'],
	[meta('mark'), '==', 1, 'maybe'],
	[payload('ether', 'saddr'), '==', '00:16:3e:00:00:03', 'always'],
	[payload('ether', 'daddr'), '==', '00:16:3e:00:00:04', 'always'],
	[payload('ether', 'daddr'), '!=', '00:16:3e:00:00:05', 'always'],
	[payload('ether', 'saddr'), '==', {range: ['00:16:3e:00:00:00', '00:16:3e:00:00:ff']}, 'maybe'],
	[payload('ether', 'type'), '==', 'arp', 'never'],
	[payload('ether', 'other'), '==', 'arp', 'maybe'],
	[payload('arp', 'operation'), '!=', 'request', 'never'],
	[payload('ip6', 'saddr'), '!=', '::1', 'never'],
	[payload('icmpv6', 'type'), '==', 'echo-request', 'never'],
	[payload('ip', 'saddr'), '==', '10.0.0.1', 'maybe'],
	[{'&': [payload('ether', 'saddr'), 1]}, '==', 0, 'maybe'],
	[null, '==', null, 'maybe'],
];

const {sets} = parseRuleset(
	JSON.stringify({
		nftables: [
			{set: {family: 'bridge', table: 't', name: 'ours', handle: 1, elem: ['vif3.0']}},
		],
	}),
);
const findSet = (name: string) => sets.find(set => set.name === name);

for (const [left, op, right, expected] of cases)
	test(`${JSON.stringify(left)} ${op} ${JSON.stringify(right)}: ${expected}`, t => {
		t.is(evaluateMatch({left, op, right}, traffic, findSet), expected);
	});

test('of two names that a device may go by, both must agree', t => {
	const either = {...traffic, input: ['vif3.0', 'xenbr0']};
	const evaluate = (right: string) =>
		evaluateMatch({left: meta('iifname'), op: '==', right}, either, findSet);

	t.is(evaluate('xenbr0'), 'maybe');
	t.is(evaluate('eth0'), 'never');
	t.is(evaluate('*'), 'always');
});
