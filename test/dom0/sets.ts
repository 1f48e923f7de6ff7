// SPDX-License-Identifier: MIT
//
// nftables: sets and maps that rules look in, and the families whose chains bridged packets meet.
import test from 'ava';
import {forward, seen, unseen} from './harness/nft.ts';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};
const udp = {protocol: 'udp', port: 53} as const;
const ssh6 = {port: 22, ip: 6} as const;

const guestA = '00:16:3e:00:00:03';
const guestB = '00:16:3e:00:00:04';

const sets = (type: string, flags: string, elements: string) =>
	`set s { typeof ${type}; ${flags === '' ? '' : `flags ${flags};`} elements = { ${elements} }; }`;
const named = (rule: string, more: string) => forward(rule, {more});

const looked: Verdict[] = [
	{
		title: 'a range of ports in a set',
		sh: forward('tcp dport { 20-30, 443 } drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'ports that are not in a set',
		sh: forward('tcp dport != { 80, 443 } tcp dport < 1024 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'an interval in a set of a name',
		sh: named('tcp dport @s drop', sets('tcp dport', 'interval', '20-30, 400-500')),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'ports that are not in a set of a name',
		sh: named('tcp dport != @s tcp dport < 1024 drop', sets('tcp dport', 'interval', '80-100')),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'networks with ports',
		sh: named(
			'ip saddr . tcp dport @s drop',
			sets('ip saddr . tcp dport', 'interval', '10.0.0.0/24 . 20-30'),
		),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'an element that ends in an hour',
		sh: named('tcp dport @s drop', sets('tcp dport', 'timeout', '22 timeout 1h')),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'devices with addresses, of which both have their own',
		sh: named(
			'iifname . ether saddr != @s drop',
			sets('iifname . ether saddr', '', `"vif3.0" . ${guestA}, "vif4.0" . ${guestB}`),
		),
		passes: [ssh, ssh6],
	},
	{
		title: 'devices with addresses, of which one is missing',
		sh: named(
			'iifname . ether saddr != @s drop',
			sets('iifname . ether saddr', '', `"vif3.0" . ${guestA}, "vif9.0" . ${guestB}`),
		),
		loses: [ssh],
	},
	{
		title: 'the address that is missing in a set is added',
		sh: named(
			'iifname . ether saddr != @s drop',
			sets('iifname . ether saddr', '', `"vif3.0" . ${guestA}`),
		),
		loses: [ssh],
		mend: `nft add element bridge f s '{ "vif4.0" . ${guestB} }'`,
	},
	{
		title: 'a range of addresses that holds both',
		sh: forward(`ether saddr != ${guestA}-${guestB} drop`),
		passes: [ssh, ssh6],
	},
	{
		title: 'a range of addresses that holds one',
		sh: forward(`ether saddr != 00:16:3e:00:00:00-${guestA} drop`),
		loses: [ssh],
	},
	{
		title: 'devices by how they begin, in a set',
		sh: named('iifname @s tcp dport 22 drop', sets('iifname', 'interval', '"vif*"')),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'devices by how others begin, in a set',
		sh: named('iifname @s drop', sets('iifname', 'interval', '"vif3*1", "eth*"')),
		passes: [ssh],
	},
	{
		title: 'a map with a rest',
		sh: forward('tcp dport vmap { 80 : accept, 1024-65535 : accept, * : drop }'),
		loses: [ssh],
		passes: [web, udp],
	},
	{
		title: 'a map of devices with a rest',
		sh: forward('iifname vmap { "vif3.0" : accept, "vif4.0" : accept, * : drop }'),
		passes: [ssh, ssh6],
	},
	{
		title: 'a map of devices with a rest for one of them',
		sh: forward('iifname vmap { "vif3.0" : accept, * : drop }'),
		loses: [ssh],
	},
	{
		title: 'a map of devices and ports',
		sh: forward('iifname . tcp dport vmap { "vif3.0" . 22 : drop, "vif3.0" . 80 : accept }'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a map that leads to chains, of which one drops',
		sh: forward('meta l4proto vmap { tcp : jump tcps, udp : accept }', {
			more: 'chain tcps { tcp dport 22 goto no; accept; }\n chain no { drop; }',
		}),
		loses: [ssh],
		passes: [web, udp],
	},
	{
		title: 'a map that leads to chains, of which none drops',
		sh: forward('meta l4proto vmap { tcp : jump tcps, udp : goto udps }\n counter accept', {
			policy: 'drop',
			more: 'chain tcps { tcp dport 22 return; accept; }\n chain udps { accept; }',
		}),
		passes: [ssh, web, udp],
	},
	{
		title: 'a chain of no name that drops',
		sh: forward('iifname "vif3.0" jump { tcp dport 80 accept; tcp dport 22 drop; }'),
		loses: [ssh],
		passes: [web],
	},
];

const families: Verdict[] = [
	{
		title: 'ingress of a device in the family inet',
		sh: `nft 'table inet f { chain c { type filter hook ingress device vif3.0 priority 0; tcp dport 22 drop; }; }'`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'one chain for several devices',
		sh: `nft 'table netdev f { chain c { type filter hook ingress devices = { vif4.0, vif3.0 } priority 0; tcp dport 22 drop; }; }'`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'one chain for devices of others',
		sh: `ip link add x type veth peer name y
			nft 'table netdev f { chain c { type filter hook ingress devices = { x, y } priority 0; drop; }; }'`,
		undo: 'nft flush ruleset; ip link del x',
		passes: [ssh],
	},
	{
		title: 'the family inet, as br_netfilter shows it packets, for IPv6',
		sh: `${forward('ip6 saddr fd00::3 tcp dport 22 drop', {family: 'inet'})}; ${seen}`,
		undo: unseen,
		loses: [ssh6],
		passes: [ssh],
	},
	{
		title: 'the family ip6, as br_netfilter shows it packets',
		sh: `${forward('tcp dport 22 drop', {family: 'ip6'})}; ${seen}`,
		undo: unseen,
		loses: [ssh6],
		passes: [ssh],
	},
	{
		title: 'the family ip, for a bridge that alone calls it',
		sh: `${forward('tcp dport 22 drop', {family: 'ip'})}; ip link set xenbr0 type bridge nf_call_iptables 1`,
		undo: 'ip link set xenbr0 type bridge nf_call_iptables 0',
		loses: [ssh],
		passes: [web, ssh6],
	},
	{
		title: 'postrouting of the family ip, by the device that leaves',
		sh: `nft 'table ip f { chain c { type filter hook postrouting priority 0; oifname "xenbr0" tcp dport 22 drop; }; }'; ${seen}`,
		undo: unseen,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'what leaves dom0 by another bridge',
		sh: `nft 'table ip f { chain c { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }; }'; ${seen}`,
		undo: unseen,
		passes: [ssh, web],
	},
	{
		title: 'policy drop before the bridge decides',
		sh: `nft 'table bridge f { chain c { type filter hook prerouting priority -300; policy drop; ether type { arp, ip6 } accept; }; }'`,
		loses: [ssh],
		passes: [ssh6],
	},
];

testVerdicts(test, {guests: ['web', 'db']}, [...looked, ...families]);
