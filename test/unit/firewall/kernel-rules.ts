// SPDX-License-Identifier: MIT
import test from 'ava';
import {withKernelRules as completed} from '../../../userland/firewall/kernel-completion.ts';
import {parseKernelRule, type KernelRule} from '../../../userland/firewall/kernel-rules.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';
import {atOnce} from '../../../userland/slice.ts';
import {nodeInNetns} from '../nftables-js/_netns.ts';

type Case = {readonly rules: string; readonly guests?: RegExp; readonly dom0?: RegExp};

const accept = (options: string) => `iptables -A FORWARD -m physdev ${options} -j ACCEPT`;
const byNetfilter =
	'would be bypassed \\(br_netfilter shows it bridged packets\\): table ip filter';
const policyDrop = new RegExp(`${byNetfilter}, chain FORWARD, handle 1: policy drop$`);

/** `jump { ... }` on a bridge. */
const anonymous = (rules: string, policy = 'accept') => `nft 'table bridge f {
	set macs { type ether_addr; elements = { 00:16:3e:00:00:03, 00:16:3e:00:00:04 }; }
	set empty { type ether_addr; }
	chain ssh { tcp dport 22 drop; }
	chain c { type filter hook forward priority 0; policy ${policy}; ${rules}; }
}'`;

/** A table on which nft 1.0.6 aborts, and libnftables with it. */
const unlisted = (rules: string, {policy = 'accept', more = ''} = {}) => `nft 'table bridge f {
	${more}
	chain c { type filter hook forward priority 0; policy ${policy};
		iifname "vif9.0" meta l4proto gre th dport != 1024-65535 drop
		${rules}
	}
}'`;

const cases: Readonly<Record<string, Case>> = {
	'what is bridged is accepted': {
		rules: `iptables -P FORWARD DROP; ${accept('--physdev-is-bridged')}`,
	},
	'what Xen writes for each vif': {
		rules: `iptables -P FORWARD DROP; ${['in', 'out']
			.flatMap(way => [3, 4].map(id => `--physdev-is-bridged --physdev-${way} vif${id}.0`))
			.map(accept)
			.join('; ')}`,
	},
	'a wildcard': {
		rules: `iptables -P FORWARD DROP; ${accept('--physdev-in vif+')}`,
		dom0: /FORWARD, handle 2: /,
	},
	'only what one of them sends': {
		rules: `iptables -P FORWARD DROP; ${accept('--physdev-is-bridged --physdev-in vif3.0')}`,
		guests: policyDrop,
	},
	'only what another sends': {
		rules: `iptables -P FORWARD DROP; ${accept('--physdev-in vif9.0')}`,
		guests: policyDrop,
	},
	'not what is bridged': {
		rules: `iptables -P FORWARD DROP; ${accept('! --physdev-is-bridged')}`,
		guests: policyDrop,
	},
	'what one sends through dom0 is accepted for its port': {
		rules: `iptables -P FORWARD DROP; ${accept('--physdev-in vif3.0')}; ${accept('--physdev-out vif3.0')}`,
		dom0: /table ip filter, chain FORWARD, handle 2: .*accept$/,
	},
	'what one sends to dom0 is dropped for its port': {
		rules: 'iptables -A INPUT -m physdev --physdev-in vif3.0 -p tcp --dport 22 -j DROP',
		dom0: /table ip filter, chain INPUT, handle 2: /,
	},
	'what another sends to dom0 is dropped for its port': {
		rules: 'iptables -A INPUT -m physdev --physdev-in vif4.0 -p tcp --dport 22 -j DROP',
	},
	'what one sends through dom0 is changed for its port': {
		rules: 'iptables -t nat -A POSTROUTING -m physdev --physdev-in vif3.0 -j MASQUERADE',
		guests: /table ip nat, chain POSTROUTING, handle 2: /,
		dom0: /table ip nat, chain POSTROUTING, handle 2: /,
	},
	'a lock that both pass': {
		rules: [3, 4]
			.map(
				id =>
					`-m physdev --physdev-in vif${id}.0 -m mac ! --mac-source 00:16:3e:00:00:0${id}`,
			)
			.map(match => `iptables -A FORWARD ${match} -j DROP`)
			.join('; '),
	},
	'a lock that one does not pass': {
		rules: 'iptables -A FORWARD -m physdev --physdev-in vif3.0 -m mac ! --mac-source 00:16:3e:00:00:09 -j DROP',
		guests: /chain FORWARD, handle 2: .*drop$/,
		dom0: /chain FORWARD, handle 2: .*drop$/,
	},
	'another bridge': {
		rules: 'iptables -N other; iptables -A FORWARD -i br1 -o br1 -m physdev --physdev-in eth0 -j other; iptables -A other -p tcp --dport 445 -j DROP',
	},
	'some of it returns to a policy that drops': {
		rules: 'iptables -P FORWARD DROP; iptables -A FORWARD -p tcp --dport 22 -j RETURN; iptables -A FORWARD -j ACCEPT',
		guests: policyDrop,
	},
	'some of it returns to a rule that drops': {
		rules: 'iptables -N GUESTS; iptables -A GUESTS -p tcp --dport 22 -j RETURN; iptables -A GUESTS -j ACCEPT; iptables -A FORWARD -j GUESTS; iptables -A FORWARD -j DROP',
		guests: /chain FORWARD, handle \d+: counter drop$/,
	},
	'all that is bridged on this bridge is accepted': {
		rules: 'iptables -P FORWARD DROP; iptables -A FORWARD -i xenbr0 -o xenbr0 -j ACCEPT; iptables -A FORWARD -m hashlimit --hashlimit-upto 1/s --hashlimit-name x -j ACCEPT',
	},
	'a match that keeps a record': {
		rules: 'iptables -A FORWARD -m recent --set -j ACCEPT',
		guests: /chain FORWARD, handle 2: /,
	},
	'matches that only look': {
		rules: 'iptables -A FORWARD -m length --length 0:100 -j ACCEPT; iptables -A FORWARD -p tcp -m multiport --dports 22,80; iptables -A FORWARD -m addrtype --dst-type LOCAL -j ACCEPT; iptables -A FORWARD -m comment --comment all -j ACCEPT; iptables -A FORWARD -j DROP',
	},
	'what goes to many is dropped': {
		rules: 'iptables -A FORWARD -m pkttype --pkt-type multicast -j DROP; iptables -A FORWARD -m pkttype ! --pkt-type broadcast -j ACCEPT; iptables -A FORWARD -j DROP; ebtables -A FORWARD --pkttype-type broadcast -j DROP; ebtables -A FORWARD --pkttype-type ! multicast -j ACCEPT; ebtables -A FORWARD -j DROP',
	},
	'what goes to one is dropped': {
		rules: 'ebtables -A FORWARD --pkttype-type otherhost -j DROP',
		guests: /table bridge filter, chain FORWARD, handle 2: /,
	},
	'a set that packets change, in a chain without a name': {
		rules: `nft 'table bridge f { set seen { type ether_addr; size 9; flags dynamic; elements = { 00:16:3e:00:00:09 }; }; chain c { type filter hook forward priority 0; iifname "eth0" jump { add @seen { ether saddr }; }; ether saddr @seen drop; }; }'`,
		guests: /table bridge f, chain c, handle \d+: ether saddr @seen drop$/,
	},
	'a lock in a chain without a name, that its guest passes': {
		rules: anonymous(
			`iifname "vif3.0" jump { ether saddr != 00:16:3e:00:00:03 drop; accept; }; iifname vif4.0 goto { ether saddr & ff:ff:ff:ff:ff:00 != 00:16:3e:00:00:00 drop; }; `,
		),
	},
	'the same, and a policy that drops': {
		rules: anonymous(
			`iifname "vif*" jump { ether saddr @macs accept; ether saddr != @empty drop; }`,
			'drop',
		),
	},
	'a lock in a chain without a name, that its guest does not pass': {
		rules: anonymous(`iifname "vif3.0" jump { ether saddr != 00:16:3e:00:00:09 drop; }`),
		guests: /table bridge f, chain c, handle \d+: iifname "vif3.0" jump \{.*ether saddr != 00:16:3e:00:00:09 drop \}$/,
	},
	'a chain without a name for others': {
		rules: anonymous(
			`iifname "vif9.0" jump { drop; }; oifname "eth*" goto { log; drop; }; ether type arp jump { drop; }`,
		),
	},
	'what only some packets meet there': {
		rules: anonymous(`jump { tcp dport 22 drop; }`),
		guests: /jump \{.*tcp dport 22 drop \}$/,
	},
	'a chain without a name that accepts': {
		rules: anonymous(
			`jump { ip saddr 10.0.0.0/8 accept; iifname "vif*" counter accept; }; drop`,
		),
	},
	'a chain without a name that accepts some': {
		rules: anonymous(`jump { iifname "vif3.0" accept; }; drop`),
		guests: /handle \d+: drop$/,
	},
	'a goto from which some return': {
		rules: anonymous(`goto { tcp dport 22 accept; }`, 'drop'),
		guests: /policy drop$/,
	},
	'a chain without a name that leads to another': {
		rules: anonymous(`iifname "vif3.0" jump { oifname "vif4.0" jump ssh; }`),
		guests: /chain ssh, handle \d+: tcp dport 22 drop$/,
	},
	'a chain without a name that leads elsewhere': {
		rules: anonymous(`iifname "vif3.0" jump { oifname "vif9.0" jump ssh; }`),
	},
	'a chain without a name that limits': {
		rules: anonymous(`jump { limit rate 1/second accept; }`),
		guests: /jump \{.*limit rate 1\/second accept \}$/,
	},
	'a chain without a name that marks': {
		rules: anonymous(`jump { meta mark set 1; }`),
		guests: /jump \{/,
	},
	'a chain without a name that compares a set without one': {
		rules: anonymous(`jump { iifname { "vif3.0", "vif9.0" } accept; }`),
		guests: /jump \{/,
	},
	'a chain without a name that compares two at once': {
		rules: anonymous(`jump { iifname . ether saddr { "vif3.0" . 00:16:3e:00:00:09 } drop; }`),
		guests: /jump \{/,
	},
	'a chain without a name for groups, by Ethernet': {
		rules: anonymous(
			`jump { meta pkttype multicast drop; ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop; }`,
		),
	},
	'a table that nft cannot list': {
		rules: unlisted('meta l4proto gre th dport != 1024-65535 drop'),
		guests: /table bridge f, chain c, handle \d+: (meta l4proto gre|a rule \(meta, cmp, payload, range, immediate\) of a table that nft `list table bridge f` fails on;)/,
	},
	'a table that nft cannot list, for others': {rules: unlisted('')},
	'a table that nft cannot list, and nobody meets': {
		rules: unlisted('drop', {more: 'flags dormant;'}),
	},
	'a table that nft cannot list, and its policy': {
		rules: unlisted('iifname "eth0" accept', {policy: 'drop'}),
		guests: /table bridge f, chain c, .*policy drop/,
	},
	'a table that nft cannot list, with locks that both pass': {
		rules: unlisted(
			'iifname "vif3.0" ether saddr != 00:16:3e:00:00:03 drop; iifname "vif4.0" ether saddr & ff:ff:ff:00:00:00 != 00:16:3e:00:00:00 drop; iifname "vif4*" jump empty; accept',
			{policy: 'drop', more: 'chain empty { };'},
		),
	},
	'a table that nft cannot list, with a chain that drops': {
		rules: unlisted('iifname "vif3.0" goto no', {more: 'chain no { ether type ip6 drop; };'}),
		guests: /table bridge f, chain no, handle \d+: /,
	},
	'a table that nft cannot list, with a set': {
		rules: unlisted('ether saddr @macs drop', {
			more: 'set macs { type ether_addr; elements = { 00:16:3e:00:00:03 }; };',
		}),
		guests: /table bridge f, chain c, handle \d+: /,
	},
	'ebtables counts by address': {
		rules: 'ebtables -A FORWARD -p IPv4 --ip-src 10.9.0.3; ebtables -A FORWARD -p IPv4 --ip-dst 10.9.0.4',
	},
	'ebtables locks by address': {
		rules: 'ebtables -A FORWARD -i vif3.0 -p IPv4 --ip-src 10.9.0.3 -j ACCEPT; ebtables -A FORWARD -i vif3.0 -j DROP',
		guests: /table bridge filter, chain FORWARD, handle 3: iifname "vif3.0" .*drop$/,
	},
	'ebtables locks by MAC': {
		rules: 'ebtables -A FORWARD -i vif3.0 -s ! 00:16:3e:00:00:03 -j DROP; ebtables -A FORWARD -i vif4.0 -s ! 00:16:3e:00:00:00/ff:ff:ff:00:00:00 -j DROP',
	},
};

test('iptables and ebtables, as the kernel has them', async t => {
	const scripts = JSON.stringify(Object.values(cases).map(({rules}) => rules));
	const output = await nodeInNetns(new URL('_iptables.js', import.meta.url), [scripts]);
	const results = JSON.parse(output) as (string | null)[][];

	for (const [at, [name, {guests, dom0}]] of Object.entries(cases).entries()) {
		const [found, found0] = results[at] ?? [];
		for (const [expected, text] of [
			[guests, found],
			[dom0, found0],
		] as const) {
			if (expected) {
				t.regex(text ?? 'none', expected, name);
			} else {
				t.is(text, null, name);
			}
		}
	}
});

const withKernelRules = (...given: Parameters<typeof completed>) => atOnce(completed(...given));
const table = {family: 'ip', table: 'filter'} as const;
const chain = {...table, name: 'FORWARD', handle: 1};
const listed = (...rules: readonly unknown[]) =>
	parseRuleset(
		JSON.stringify({
			nftables: [
				{chain},
				...rules.map((expr, at) => ({
					rule: {...table, chain: 'FORWARD', handle: at + 2, expr},
				})),
			],
		}),
	);
const inKernel = (handle: number, ...names: readonly string[]): KernelRule => ({
	...table,
	chain: 'FORWARD',
	handle,
	expressions: names.map(name => ({name, data: new Uint8Array(0)})),
});

test('a rule that nft does not show is in its place, and is not understood', t => {
	const found = withKernelRules(listed([{accept: null}]), [
		inKernel(9, 'payload', 'immediate'),
		inKernel(2, 'immediate'),
	]);

	t.deepEqual(
		found?.rules.map(({handle, expr, comment}) => ({handle, expr, comment})),
		[
			{
				handle: 9,
				expr: [{unlisted: null}],
				comment: 'a rule that this nft cannot show (payload, immediate)',
			},
			{handle: 2, expr: [{accept: null}], comment: undefined},
		],
	);
});

test('an expression that nft leaves out makes its rule not understood', t => {
	const first = (expr: unknown[], ...names: string[]) =>
		withKernelRules(listed(expr), [inKernel(2, ...names)])?.rules[0]?.expr;
	const tunnel = {match: {op: '==', left: {payload: {tunnel: 'vxlan'}}, right: 1}};

	t.deepEqual(first([{accept: null}], 'payload', 'immediate'), [{accept: null}]);
	t.deepEqual(first([{accept: null}], 'novel', 'immediate'), [
		{unlisted: 'novel'},
		{accept: null},
	]);
	t.deepEqual(first([{accept: null}], 'inner'), [{unlisted: 'inner'}, {accept: null}]);
	t.deepEqual(first([tunnel], 'inner'), [tunnel]);
});

test('lists of different rulesets do not agree', t => {
	t.is(withKernelRules(listed([{accept: null}]), []), undefined);
	t.deepEqual(
		withKernelRules(listed([{accept: null}]), [
			inKernel(2, 'immediate'),
			{...inKernel(3, 'immediate'), chain: '__chain0'},
			{...inKernel(4, 'immediate'), chain: 'came later'},
		])?.chains.map(({name}) => name),
		['FORWARD', '__chain0'],
	);
});

test('a set that a rule adds to is marked, wherever that rule is', t => {
	const set = {set: {...table, name: 'seen', type: 'ether_addr', handle: 9}};
	const ruleset = parseRuleset(JSON.stringify({nftables: [{chain}, set]}));
	const name = Buffer.from('seen\0');
	const data = Buffer.concat([Buffer.from([4 + name.length, 0, 1, 0]), name]);
	const rule = {...inKernel(3), chain: '__chain0', expressions: [{name: 'dynset', data}]};

	t.deepEqual(withKernelRules(ruleset, [rule])?.sets[0]?.flags, ['dynamic']);
	t.deepEqual(withKernelRules(ruleset, [{...rule, table: 'other'}])?.sets[0]?.flags, []);
	t.deepEqual(withKernelRules(ruleset, [inKernel(3, 'lookup')])?.sets[0]?.flags, []);
});

test('options stay unknown where not all matches are shown as such', t => {
	const xt = {xt: {type: 'match', name: 'physdev'}};
	const found = withKernelRules(listed([xt]), [inKernel(2, 'match', 'match')]);

	t.deepEqual(found?.rules[0]?.expr, [xt]);
});

test('a message that is no rule of nft is none', t => {
	t.is(parseKernelRule(new Uint8Array([12, 0, 0, 0])), undefined);
	t.deepEqual(parseKernelRule(new Uint8Array([7, 0, 0, 0])), {
		family: 'bridge',
		table: '',
		chain: '',
		handle: 0,
		expressions: [],
	});
});
