// SPDX-License-Identifier: MIT
import test from 'ava';
import {changesDestination} from '../../../userland/firewall/destination-changes.ts';
import {createGuard} from '../../../userland/firewall/guard.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';
import {host, vifA, vifB} from './_fixtures.ts';

const on = {ip: true, ip6: true};
const off = {ip: false, ip6: false};
const toDb = {dnat: {addr: '10.0.0.4', port: 22}};
const ssh = {match: {op: '==', left: {payload: {protocol: 'tcp', field: 'dport'}}, right: 22}};

type Chain = {
	readonly family: 'bridge' | 'inet' | 'ip' | 'ip6';
	readonly hook: string;
	readonly rules: readonly (readonly object[])[];
	readonly policy?: string;
};

function guardOf(...chains: readonly Chain[]) {
	const objects = chains.flatMap(({family, hook, rules, policy = 'accept'}, at) => {
		const place = {family, table: `t${at}`};

		return [
			{table: {family, name: place.table, handle: 1}},
			{chain: {...place, name: 'c', handle: 2, type: 'filter', hook, prio: 0, policy}},
			...rules.map((expr, index) => ({
				rule: {...place, chain: 'c', handle: 10 + index, expr},
			})),
		];
	});

	return createGuard(parseRuleset(JSON.stringify({nftables: objects})));
}

const nat = (...expr: object[]): Chain => ({family: 'ip', hook: 'prerouting', rules: [expr]});
const output = (device: string) => ({
	match: {op: '==', left: {meta: {key: 'oifname'}}, right: device},
});
const input = (device: string) => ({
	match: {op: '==', left: {meta: {key: 'iifname'}}, right: device},
});
const bridge = (hook: string, ...expr: object[]): Chain => ({
	family: 'bridge',
	hook,
	rules: [expr],
});

const dropsDb = bridge('forward', output('vif4.0'), {drop: null});

test('what dom0 may send on meets what the bridge has for those on it', t => {
	for (const [title, chains, isBypassed] of [
		['nothing there', [nat(toDb)], false],
		['a rule for another guest', [nat(toDb), dropsDb], true],
		['for some of the packets', [nat(ssh, toDb), dropsDb], true],
		[
			'a rule for an address',
			[
				nat(toDb),
				bridge(
					'forward',
					{
						match: {
							op: '==',
							left: {payload: {protocol: 'ether', field: 'daddr'}},
							right: vifB.mac,
						},
					},
					{drop: null},
				),
			],
			true,
		],
		[
			'behind the decision',
			[nat(toDb), bridge('postrouting', output('vif4.0'), {log: null})],
			true,
		],
		[
			'a policy',
			[nat(toDb), {family: 'bridge', hook: 'forward', rules: [], policy: 'drop'}],
			true,
		],
		[
			'a rule for what others send',
			[nat(toDb), bridge('forward', input('vif9.0'), {drop: null})],
			false,
		],
		[
			'what others send is sent on',
			[nat({match: {...input('eth0').match}}, toDb), dropsDb],
			false,
		],
		['nothing is sent on', [nat(ssh, {redirect: {port: 80}}), dropsDb], false],
		['only IPv6 is sent on', [{...nat(toDb), family: 'ip6'}, dropsDb], true],
	] as const) {
		const guard = guardOf(...chains);
		const found = guard(vifA, host, on);

		t.is(found !== undefined, isBypassed, title);
		t.deepEqual(guard(host, vifA, on), found, title);
		t.is(found?.redirectedBy?.chain, isBypassed ? 'c' : undefined, title);
		t.is(guard(vifA, host, off), undefined, `${title}, br_netfilter off`);
	}
});

test('it counts for the protocol that br_netfilter shows', t => {
	const guard = guardOf(nat(toDb), dropsDb);

	t.is(guard(vifA, host, {ip: false, ip6: true}), undefined);
	t.is(guard(vifA, host, {ip: true, ip6: false})?.redirectedBy?.table, 'ip t0');
});

test('of one protocol it passes, of the other it does not', t => {
	const ofIp6 = {match: {op: '==', left: {meta: {key: 'protocol'}}, right: 'ip6'}};
	const guard = guardOf(
		nat(toDb),
		{...nat(toDb), family: 'ip6'},
		bridge('forward', ofIp6, output('vif4.0'), {drop: null}),
	);

	t.is(guard(vifA, host, on)?.redirectedBy?.table, 'ip6 t1');
	t.is(guard(vifA, host, {ip: true, ip6: false}), undefined);
});

test('what may change a destination, and what may not', t => {
	const payload = (key: object) => ({mangle: {key: {payload: key}, value: 1}});

	for (const statement of [
		toDb,
		{dnat: null},
		payload({protocol: 'ip', field: 'daddr'}),
		payload({base: 'nh', offset: 128, len: 32}),
		{xt: {type: 'target', name: 'DNAT'}},
		{xt: {type: 'target', name: 'NETMAP'}},
		{xt: null},
		{queue: null},
		{unlisted: 'x'},
		{somethingNew: null},
	]) {
		t.true(changesDestination(statement), JSON.stringify(statement));
	}
	for (const statement of [
		ssh,
		{drop: null},
		{masquerade: null},
		{redirect: null},
		payload({protocol: 'ip', field: 'dscp'}),
		{mangle: {key: {meta: {key: 'mark'}}, value: 1}},
		{xt: {type: 'match', name: 'addrtype'}},
		{xt: {type: 'target', name: 'MARK'}},
		{jump: {target: 'x'}},
	]) {
		t.false(changesDestination(statement), JSON.stringify(statement));
	}
});
