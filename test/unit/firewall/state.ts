// SPDX-License-Identifier: MIT
import test from 'ava';
import {readFirewall, type Tools} from '../../../userland/firewall/read.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import type {Port} from '../../../userland/firewall/types.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';
import {plainDisciplines} from '../../../userland/kernel/constants.ts';
import {captured, host, vifA, vifB} from './_fixtures.ts';

const port = (name: string, more: object = {}) => ({
	ifname: name,
	master: 'xenbr0',
	linkinfo: {info_slave_kind: 'bridge', info_slave_data: {state: 'forwarding', isolated: false}},
	...more,
});
const bridge = (data: object = {}) => ({
	ifname: 'xenbr0',
	linkinfo: {info_kind: 'bridge', info_data: {vlan_filtering: 0, nf_call_iptables: 0, ...data}},
});

type World = {
	readonly links?: readonly unknown[];
	readonly qdiscs?: readonly unknown[];
	readonly filters?: Readonly<Record<string, string>>;
	readonly files?: Readonly<Record<string, string>>;
	readonly rules?: string | Rules;
};

type Rules = Awaited<ReturnType<Tools['readRules']>>;

/** What the tools would print, and the rules of a captured case. */
function tools({
	links = [bridge(), port('vif3.0'), port('vif4.0')],
	qdiscs = [],
	filters = {},
	files = {},
	rules = 'empty',
}: World): Tools {
	const outputs: Readonly<Record<string, string>> = {
		'ip -json -details link show': JSON.stringify(links),
		'bridge -json vlan show': '[]',
		'tc -json qdisc show': JSON.stringify(qdiscs),
	};
	const fixture = typeof rules === 'string' ? captured.get('1.0.6')?.get(rules) : rules;
	if (!fixture) throw new Error(`no capture ${JSON.stringify(rules)}`);

	return {
		run: async (command, args) =>
			outputs[`${command} ${args.join(' ')}`] ?? filters[args.slice(3).join(' ')] ?? '[]',
		readFile: async path => files[path],
		readRules: async () => ({ruleset: fixture.ruleset, text: fixture.text}),
	};
}

async function why(world: World, a: Port = vifA, b: Port = vifB): Promise<string | undefined> {
	return refusalBetween(a, b, await readFirewall(['vif3.0', 'vif4.0', 'xenbr0'], tools(world)))
		?.text;
}

test('nothing in the way', async t => {
	t.is(await why({}), undefined);
	t.is(await why({}, vifA, host), undefined);
});

test('a rule is named with its text', async t => {
	t.is(
		await why({rules: 'port'}),
		'a rule of dom0 would be bypassed: table bridge filter, chain forward, handle 3: iifname "vif*" tcp dport { 22, 80 } counter drop',
	);
	t.is(await why({rules: 'port'}, vifA, host), undefined);
});

test('IP rules count where bridged packets pass them, host-wide or by the bridge', async t => {
	const rule =
		'a rule of dom0 would be bypassed (br_netfilter shows it bridged packets): table inet filter, chain forward, handle 1: policy drop';
	const sysctl = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1\n'};
	const off = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '0\n'};
	const links = [bridge({nf_call_ip6tables: 1}), port('vif3.0'), port('vif4.0')];

	t.is(await why({rules: 'inet-forward'}), undefined);
	t.is(await why({rules: 'inet-forward', files: off}), undefined);
	t.is(await why({rules: 'inet-forward', files: sysctl}), rule);
	t.is(await why({rules: 'inet-forward', links}), rule);
	t.is(await why({rules: 'inet-forward', files: sysctl}, vifA, host), undefined);
});

test('legacy iptables counts where bridged packets pass it', async t => {
	const files = {
		'/proc/net/ip_tables_names': 'nat\nfilter\n',
		'/proc/net/ip6_tables_names': 'filter\n',
	};
	const on = {
		'/proc/sys/net/bridge/bridge-nf-call-iptables': '1',
		'/proc/sys/net/bridge/bridge-nf-call-ip6tables': '1',
	};

	for (const other of [vifB, host]) {
		t.is(await why({files}, vifA, other), undefined);
		t.is(
			await why({files: {...files, ...on}}, vifA, other),
			'bridged packets pass legacy iptables (nat, filter, IPv6 filter); its rules cannot be seen',
		);
	}
});

/** What `iptables -t TABLE -A CHAIN -m MATCH ... -j VERDICT` leaves. */
function iptables(
	table: string,
	hook: string,
	match: string,
	verdict = 'drop',
	policy = 'accept',
): Rules {
	const chain = hook.toUpperCase();
	const expr = [{xt: {type: 'match', name: match}}, {[verdict]: null}];
	const nftables = [
		{
			chain: {
				...{family: 'ip', table, name: chain, handle: 1},
				...{type: 'filter', hook, prio: 0, policy},
			},
		},
		{rule: {family: 'ip', table, chain, handle: 2, expr}},
	];
	const lines = [
		`table ip ${table} {`,
		`\tchain ${chain} { # handle 1`,
		`\t\ttype filter hook ${hook} priority filter; policy ${policy};`,
		`\t\txt match "${match}" ${verdict} # handle 2`,
		'\t}',
		'}',
	];

	return {ruleset: parseRuleset(JSON.stringify({nftables})), text: lines.join('\n')};
}

test("a port that dom0's IP chains would ask for counts where bridged packets have one", async t => {
	const files = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1'};
	const links = [bridge({nf_call_iptables: 1}), port('vif3.0')];
	const rules = iptables('filter', 'input', 'physdev');
	const why0 =
		'a rule of dom0 would be bypassed (br_netfilter shows it bridged packets): table ip filter, chain INPUT, handle 2: xt match "physdev" drop';

	t.is(await why({rules, files}, vifA, host), why0);
	t.is(await why({rules, files}, host, vifA), why0);
	t.is(await why({rules, links}, vifA, host), why0);
	t.is(await why({rules}, vifA, host), undefined);
	t.is(
		await why({rules: iptables('raw', 'prerouting', 'physdev'), files}, vifA, host),
		why0.replace('ip filter, chain INPUT', 'ip raw, chain PREROUTING'),
	);
	t.is(
		await why({rules: iptables('filter', 'input', 'conntrack'), files}, vifA, host),
		undefined,
	);
});

test('what dom0 routes counts too, but not what is accepted either way', async t => {
	const files = {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1'};
	const forward = (verdict: string, policy?: string) =>
		iptables('filter', 'forward', 'physdev', verdict, policy);

	t.regex(
		(await why({rules: forward('drop'), files}, vifA, host)) ?? '',
		/chain FORWARD, handle 2: xt match "physdev" drop$/,
	);
	t.is(await why({rules: forward('accept'), files}, vifA, host), undefined);
	t.regex(
		(await why({rules: forward('accept', 'drop'), files}, vifA, host)) ?? '',
		/chain FORWARD, handle 2: xt match "physdev" accept$/,
	);
});

test('legacy ebtables always counts', async t => {
	const files = {
		'/proc/modules':
			'ebtable_filter 16384 1 - Live 0x0\nebtables 40960 1 ebtable_filter, Live 0x0\n',
	};

	t.is(
		await why({files}),
		'legacy ebtables is loaded (ebtable_filter); its rules cannot be seen',
	);
});

test('traffic control on a device of the pair counts', async t => {
	const qdisc = (dev: string, kind: string) => ({dev, kind, handle: '0:', root: true});

	t.is(
		await why({
			qdiscs: [qdisc('vif3.0', 'mq'), qdisc('vif3.0', 'pfifo_fast'), qdisc('eth0', 'tbf')],
		}),
		undefined,
	);
	t.is(
		await why({qdiscs: [qdisc('vif4.0', 'tbf')]}),
		'vif4.0 has a tc qdisc (tbf), which would be bypassed',
	);
	t.is(await why({qdiscs: [qdisc('xenbr0', 'htb')]}), undefined);
	t.is(
		await why({qdiscs: [qdisc('xenbr0', 'htb')]}, vifA, host),
		'xenbr0 has a tc qdisc (htb), which would be bypassed',
	);
});

test("a queue that promises nobody a rate is nobody's rule", async t => {
	const of = (kind: string, options = {}) =>
		why({qdiscs: [{dev: 'vif4.0', kind, handle: '8001:', root: true, options}]});

	for (const kind of plainDisciplines) t.is(await of(kind), undefined, kind);
	t.is(await of('fq', {limit: 10000}), undefined);
	t.is(await of('cake', {bandwidth: 'unlimited', diffserv: 'diffserv3'}), undefined);

	for (const [kind, options] of [
		['fq', {maxrate: 2500000}],
		['cake', {bandwidth: 12500000}],
		['cake', {bandwidth: 'unlimited', autorate: 'autorate-ingress'}],
		['cake', {}],
	] as const) {
		t.is(
			await of(kind, options),
			`vif4.0 has a tc qdisc (${kind} with a rate), which would be bypassed`,
		);
	}
	t.is(await of('htb'), 'vif4.0 has a tc qdisc (htb), which would be bypassed');
});

test('clsact alone does nothing; its filters count', async t => {
	const qdiscs = [{dev: 'vif3.0', kind: 'clsact', handle: 'ffff:', parent: 'ffff:fff1'}];

	t.is(await why({qdiscs}), undefined);
	t.is(
		await why({
			qdiscs,
			filters: {'dev vif3.0 egress': '[{"protocol":"all","pref":1,"kind":"bpf","chain":0}]'},
		}),
		'vif3.0 has a tc egress filter (bpf), which would be bypassed',
	);
});

test('filters that a plain queue holds count', async t => {
	const filters = {'dev vif3.0 parent 1:': '[{"protocol":"ip","pref":1,"kind":"u32","chain":0}]'};
	const why1 = (kind: string, handle: string, options = {}) =>
		why({qdiscs: [{dev: 'vif3.0', kind, handle, root: true, options}], filters});

	for (const [kind, options] of Object.entries({
		fq_codel: {},
		sfq: {},
		fq_pie: {},
		cake: {bandwidth: 'unlimited'},
	})) {
		t.is(
			await why1(kind, '1:', options),
			'vif3.0 has a tc parent 1: filter (u32), which would be bypassed',
		);
		t.is(await why1(kind, '2:', options), undefined);
	}
	t.is(await why1('fq', '1:'), undefined);
});

test('a queue without a handle holds filters as a root only', async t => {
	const filters = {'dev vif3.0 parent 0:': '[{"protocol":"ip","pref":1,"kind":"u32","chain":0}]'};
	const queue = {dev: 'vif3.0', kind: 'fq_codel', handle: '0:'};

	t.is(
		await why({qdiscs: [{...queue, root: true}], filters}),
		'vif3.0 has a tc parent 0: filter (u32), which would be bypassed',
	);
	t.is(await why({qdiscs: [{...queue, parent: ':1'}], filters}), undefined);
});

test('an XDP program counts', async t => {
	const links = [bridge(), port('vif3.0'), port('vif4.0', {xdp: {mode: 2}})];

	t.is(await why({links}), 'vif4.0 has an XDP program, which would be bypassed');
});
