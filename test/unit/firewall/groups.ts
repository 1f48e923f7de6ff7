// SPDX-License-Identifier: MIT
import test from 'ava';
import {isForGroups} from '../../../userland/firewall/groups.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import {readFirewall} from '../../../userland/firewall/read.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';
import {vifA, vifB} from './_fixtures.ts';
import {fakeTools} from './_tools.ts';

const to = (right: unknown, protocol = 'ip', op = '==') => ({
	match: {op, left: {payload: {protocol, field: 'daddr'}}, right},
});
const prefix = (addr: string, len: number) => ({prefix: {addr, len}});

for (const [match, is] of [
	[to(prefix('224.0.0.0', 4)), true],
	[to(prefix('239.255.0.0', 16)), true],
	[to('224.0.0.251'), true],
	[to('255.255.255.255'), true],
	[to({range: ['224.0.0.0', '239.255.255.255']}), true],
	[to({set: ['224.0.0.251', prefix('239.0.0.0', 8)]}), true],
	[to(prefix('ff00::', 8), 'ip6'), true],
	[to('ff02::fb', 'ip6'), true],
	[to({set: ['224.0.0.251', '10.0.0.1']}), false],
	[to({range: ['223.0.0.0', '239.255.255.255']}), false],
	[to({set: []}), false],
	[to('@groups'), false],
	[to(prefix('224.0.0.0', 3)), false],
	[to('10.0.0.255'), false],
	[to(prefix('ff00::', 7), 'ip6'), false],
	[to('ff::1', 'ip6'), false],
	[to(prefix('224.0.0.0', 4), 'ip', '!='), false],
	[
		{match: {op: '==', left: {payload: {protocol: 'ip', field: 'saddr'}}, right: '224.0.0.1'}},
		false,
	],
] as const) {
	test(`for groups: ${JSON.stringify(match)}: ${is}`, t => {
		t.is(isForGroups({expr: [{counter: null}, match, {drop: null}]}), is);
	});
}

async function why(match: object): Promise<string | undefined> {
	const place = {family: 'bridge', table: 'f', handle: 1};
	const base = {type: 'filter', hook: 'forward', prio: 0, policy: 'accept'};
	const text = JSON.stringify({
		nftables: [
			{table: {family: 'bridge', name: 'f', handle: 1}},
			{chain: {...place, name: 'forward', ...base}},
			{rule: {...place, chain: 'forward', expr: [match, {drop: null}]}},
		],
	});
	const tools = fakeTools({rules: {ruleset: parseRuleset(text), text: ''}});

	return refusalBetween(vifA, vifB, await readFirewall(['vif3.0', 'vif4.0'], tools))?.text;
}

test('such a rule is an obstacle, and the reason says what would be none', async t => {
	t.regex(
		(await why(to(prefix('224.0.0.0', 4)))) ?? '',
		/^a rule of dom0 would be bypassed: table bridge f, .*; a guest can send what is for a group in a frame for one guest, as a channel carries it: .* meta pkttype/,
	);
	t.notRegex((await why(to('10.0.0.1'))) ?? '', /group/);
});

test('by frames it is none', async t => {
	const masked = {'&': [{payload: {protocol: 'ether', field: 'daddr'}}, '01:00:00:00:00:00']};

	t.is(
		await why({
			match: {
				op: '==',
				left: {meta: {key: 'pkttype'}},
				right: {set: ['broadcast', 'multicast']},
			},
		}),
		undefined,
	);
	t.is(await why({match: {op: '==', left: masked, right: '01:00:00:00:00:00'}}), undefined);
});
