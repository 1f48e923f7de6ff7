// SPDX-License-Identifier: MIT
//
// nftables: what loses packets between two guests ends their announcement, what does not does not.
import test from 'ava';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};
const udp = {protocol: 'udp', port: 53} as const;
const ssh6 = {port: 22, ip: 6} as const;

const guestA = '00:16:3e:00:00:03';
const guestB = '00:16:3e:00:00:04';

/** A table of the bridge's family: chains by name, the base one last. */
function bridge(rules: string, {policy = 'accept', more = ''} = {}): string {
	return `nft 'table bridge f {
		${more}
		chain forward { type filter hook forward priority 0; policy ${policy};
			${rules}
		}
	}'`;
}

const arp = 'ether type arp accept';

const chains: Verdict[] = [
	{
		title: 'H1: a conditional return before an accept, policy drop',
		sh: bridge(`${arp}\n tcp dport 22 return\n accept`, {policy: 'drop'}),
		loses: [ssh],
		passes: [web, udp],
	},
	{
		title: 'H2: a conditional goto to a chain that does not accept, policy drop',
		sh: bridge(`${arp}\n tcp dport 22 goto ssh\n accept`, {
			policy: 'drop',
			more: 'chain ssh { ip saddr 10.0.0.1 accept; }',
		}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'H3: a conditional return in a chain whose caller drops',
		sh: bridge('jump allowed\n drop', {more: 'chain allowed { tcp dport 22 return; accept; }'}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'H4: a conditional goto in a chain whose caller drops',
		sh: bridge('jump allowed\n drop', {
			more: 'chain ssh { ip saddr 10.0.0.1 accept; }\n chain allowed { tcp dport 22 goto ssh; accept; }',
		}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a conditional return from a chain within a chain',
		sh: bridge('jump outer\n drop', {
			more: `chain inner { udp dport 53 return; accept; }
				chain outer { jump inner; meta l4proto tcp accept; }`,
		}),
		loses: [udp],
		passes: [ssh],
	},
	{
		title: 'a return in a chain whose caller accepts',
		sh: bridge('jump maybe\n accept', {
			policy: 'drop',
			more: 'chain maybe { tcp dport 22 return; }',
		}),
		passes: [ssh, web],
	},
	{
		title: 'a goto to an empty chain ends the base chain with its policy',
		sh: bridge('tcp dport 22 goto nothing\n accept', {
			policy: 'drop',
			more: 'chain nothing { }',
		}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a jump to an empty chain changes nothing',
		sh: bridge('jump nothing', {more: 'chain nothing { }'}),
		passes: [ssh, udp],
	},
	{
		title: 'a verdict map that drops one port',
		sh: bridge('tcp dport vmap { 22 : drop, 80 : accept }'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a verdict map that only accepts',
		sh: bridge('tcp dport vmap { 22 : accept, 80 : accept }'),
		passes: [ssh, web],
	},
	{
		title: 'a verdict map that returns, policy drop',
		sh: bridge(`${arp}\n tcp dport vmap { 22 : return }\n accept`, {policy: 'drop'}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a named verdict map that is empty',
		sh: bridge('tcp dport vmap @ports', {
			more: 'map ports { type inet_service : verdict; }',
		}),
		passes: [ssh],
	},
	{
		title: 'a named verdict map that gets an element that drops',
		sh: `${bridge('tcp dport vmap @ports', {more: 'map ports { type inet_service : verdict; }'})}
			nft add element bridge f ports { 22 : drop }`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a second base chain after one that accepts',
		sh: `nft 'table bridge f {
			chain first { type filter hook forward priority 0; accept; }
			chain second { type filter hook forward priority 1; tcp dport 22 drop; }
		}'`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'policy drop alone',
		sh: bridge('', {policy: 'drop'}),
		loses: [ssh, udp],
	},
	{
		title: 'policy drop, and a rule that accepts all',
		sh: bridge('accept', {policy: 'drop'}),
		passes: [ssh, udp, ssh6],
	},
	{
		title: 'policy drop, and a rule that accepts both vifs both ways',
		sh: bridge(
			`iifname "vif3.0" oifname "vif4.0" accept
			iifname "vif4.0" oifname "vif3.0" accept`,
			{policy: 'drop'},
		),
		passes: [ssh, udp],
	},
	{
		title: 'policy drop, and a rule that accepts one way only',
		sh: bridge('iifname "vif3.0" oifname "vif4.0" accept', {policy: 'drop'}),
		loses: [ssh],
	},
	{
		title: 'a chain that nobody calls',
		sh: `nft 'table bridge f { chain c { drop; }; }'`,
		passes: [ssh],
	},
	{
		title: 'a table that is dormant',
		sh: `nft 'table bridge f { flags dormant; chain c { type filter hook forward priority 0; tcp dport 22 drop; drop; }; }'`,
		passes: [ssh, web],
	},
	{
		title: 'a dormant table that wakes up',
		sh: `nft 'table bridge f { flags dormant; chain c { type filter hook forward priority 0; tcp dport 22 drop; }; }'
			nft 'add table bridge f { }'`,
		loses: [ssh],
		passes: [web],
	},
];

const matches: Verdict[] = [
	...(
		[
			['a port', 'tcp dport 22 drop'],
			['a source port range that holds all', 'tcp sport 1024-65535 tcp dport 22 drop'],
			['an address', 'ip saddr 10.0.0.3 tcp dport 22 drop'],
			['a network', 'ip daddr 10.0.0.0/30 drop'],
			['a set of ports', 'tcp dport { 21, 22, 23 } drop'],
			['a concatenation', 'ip saddr . tcp dport { 10.0.0.3 . 22 } drop'],
			['the MAC address', `ether saddr ${guestA} tcp dport 22 drop`],
			[
				'masked MAC address',
				'ether saddr & ff:ff:ff:00:00:00 == 00:16:3e:00:00:00 tcp dport 22 drop',
			],
			['the incoming vif', 'iifname "vif3.0" tcp dport 22 drop'],
			['the outgoing vif', 'oifname "vif4.0" tcp dport 22 drop'],
			['vifs by wildcard', 'iifname "vif*" tcp dport 22 drop'],
			['a vif by number', 'iif vif3.0 tcp dport 22 drop'],
			['another than a vif', 'iifname != "vif9.0" tcp dport 22 drop'],
			['the protocol alone', 'meta l4proto tcp drop'],
			['the length', 'meta length > 40 tcp dport 22 drop'],
			[
				'the mark that an earlier rule set',
				'meta mark set 7\n meta mark 7 tcp dport 22 drop',
			],
			['raw payload', '@th,16,16 22 drop'],
			['flags of TCP', 'tcp dport 22 tcp flags syn drop'],
			['a quota that is used up', 'tcp dport 22 quota over 0 bytes drop'],
			[
				'a limit that is to pass, and a drop',
				'tcp dport 22 limit rate 1/day burst 1 packets accept\n tcp dport 22 drop',
			],
			['chance', 'tcp dport 22 numgen random mod 1000000 < 999999 drop'],
			['a duplicate sent elsewhere and a drop', 'tcp dport 22 counter drop'],
			['log and drop', 'tcp dport 22 log prefix "no" drop'],
		] as const
	).map(([title, rule]) => ({
		title: `drops by ${title}`,
		sh: bridge(rule),
		loses: [ssh],
		passes: rule.includes('22') ? [web] : [],
	})),
	{
		title: 'drops by an IPv6 address',
		sh: bridge('ip6 saddr fd00::3 tcp dport 22 drop'),
		loses: [ssh6],
		passes: [ssh],
	},
	{
		title: 'drops all of IPv6',
		sh: bridge('ether type ip6 drop'),
		loses: [ssh6],
		passes: [ssh],
	},
	{
		title: 'drops what answers alone',
		sh: bridge('tcp sport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a MAC lock that lets each guest have its own',
		sh: bridge(
			`iifname "vif3.0" ether saddr != ${guestA} drop
			iifname "vif4.0" ether saddr != ${guestB} drop`,
		),
		passes: [ssh, ssh6],
	},
	{
		title: 'a MAC lock by map',
		sh: bridge(`iifname . ether saddr != { "vif3.0" . ${guestA}, "vif4.0" . ${guestB} } drop`),
		passes: [ssh],
	},
	{
		title: 'a MAC lock that has the wrong address',
		sh: bridge('iifname "vif3.0" ether saddr != 00:16:3e:00:00:99 drop'),
		loses: [ssh],
	},
	{
		title: 'an address lock: any other than its own is dropped',
		sh: bridge('iifname "vif3.0" ip saddr != 10.0.0.3 drop'),
		passes: [ssh],
		careful: 'the guest may take another address, which a channel would carry',
	},
	{title: 'rules that only count', sh: bridge('counter\n tcp dport 22 counter'), passes: [ssh]},
	{
		title: 'a rule that lets a few packets a day pass',
		sh: bridge('tcp dport 22 limit rate over 1/day drop'),
		careful: 'the first five pass',
	},
	{
		title: 'a rule that logs',
		sh: bridge('tcp dport 22 log'),
		passes: [ssh],
		careful: 'the log would lack them',
	},
	{
		title: 'a rule for other vifs alone',
		sh: bridge('iifname { "vif8.0", "vif9.0" } drop'),
		passes: [ssh],
	},
	{
		title: 'a rule for the other guest as source and destination',
		sh: bridge('iifname "vif4.0" oifname "vif4.0" drop'),
		passes: [ssh],
	},
	{
		title: 'a rule that rewrites the destination',
		sh: bridge('tcp dport 22 ether daddr set 00:16:3e:00:00:99'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a rule that sets a mark',
		sh: bridge('tcp dport 22 meta mark set 7'),
		passes: [ssh],
		careful: 'disciplines and routes go by marks',
	},
	{
		title: 'a set that is filled later',
		sh: `${bridge('tcp dport @closed drop', {more: 'set closed { type inet_service; }'})}
			nft add element bridge f closed { 22 }`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a rule that is added to a chain that was harmless',
		sh: `${bridge('counter')}\n nft add rule bridge f forward tcp dport 22 drop`,
		loses: [ssh],
	},
	{
		title: 'a rule that is replaced by a harmless one',
		sh: bridge('tcp dport 22 drop'),
		loses: [ssh],
		mend: `nft 'flush chain bridge f forward; add rule bridge f forward tcp dport 22 counter'`,
	},
	{
		title: 'a rule on which libnftables 1.0.6 aborts when it is listed',
		sh: bridge('meta l4proto gre th dport != 1024-65535 drop'),
		careful: 'GRE is lost',
		reason: /table bridge f, chain forward, handle \d+: (a rule \(meta|meta l4proto gre)/,
		mend: 'nft delete table bridge f',
	},
];

const hooks: Verdict[] = [
	...(['prerouting', 'postrouting'] as const).map(hook => ({
		title: `the bridge's ${hook}`,
		sh: `nft 'table bridge f { chain c { type filter hook ${hook} priority 0; tcp dport 22 drop; }; }'`,
		loses: [ssh],
		passes: [web],
	})),
	...(['input', 'output'] as const).map(hook => ({
		title: `the bridge's ${hook}, which no packet between guests meets`,
		sh: `nft 'table bridge f { chain c { type filter hook ${hook} priority 0; drop; }; }'`,
		passes: [ssh],
	})),
	...(['vif3.0', 'vif4.0'] as const).map(device => ({
		title: `ingress of ${device}`,
		sh: `nft 'table netdev f { chain c { type filter hook ingress device ${device} priority 0; tcp dport 22 drop; tcp sport 22 drop; }; }'`,
		loses: [ssh],
		passes: [web],
	})),
	{
		title: 'egress of vif4.0',
		sh: `nft 'table netdev f { chain c { type filter hook egress device vif4.0 priority 0; tcp dport 22 drop; }; }'`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'ingress of the bridge itself, which no packet between guests meets',
		sh: `nft 'table netdev f { chain c { type filter hook ingress device xenbr0 priority 0; drop; }; }'`,
		passes: [ssh],
	},
	{
		title: 'ingress that sends to another device',
		sh: `nft 'table netdev f { chain c { type filter hook ingress device vif3.0 priority 0; tcp dport 22 fwd to lo; }; }'`,
		loses: [ssh],
		passes: [web],
	},
	...(['ip', 'inet'] as const).map(family => ({
		title: `${family} forward without br_netfilter`,
		sh: `nft 'table ${family} f { chain c { type filter hook forward priority 0; policy drop; }; }'`,
		passes: [ssh],
	})),
	{
		title: 'arp input, which no packet between guests meets',
		sh: `nft 'table arp f { chain c { type filter hook input priority 0; policy drop; }; }'`,
		passes: [ssh],
	},
];

testVerdicts(test, {guests: ['web', 'db']}, [...chains, ...matches, ...hooks]);
