// SPDX-License-Identifier: MIT
//
// ebtables through nftables. The old one is not on every kernel; its hooks alone refuse (test/unit/firewall/state.ts).
import test from 'ava';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};
const ssh6 = {port: 22, ip: 6} as const;

const clean =
	'ebtables-nft -P FORWARD ACCEPT; for t in filter nat; do ebtables-nft -t $t -F; ebtables-nft -t $t -X; done';

const rules: Verdict[] = [
	{
		title: 'a rule that drops a port',
		sh: 'ebtables-nft -A FORWARD -p IPv4 --ip-protocol tcp --ip-destination-port 22 -j DROP',
		undo: clean,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a rule that drops by MAC',
		sh: 'ebtables-nft -A FORWARD -s 00:16:3e:00:00:03 -j DROP',
		undo: clean,
		loses: [ssh],
	},
	...(
		[
			[
				'a conditional RETURN before an accept, policy drop',
				`-A FORWARD -p ARP -j ACCEPT; E -A FORWARD -p IPv4 --ip-protocol tcp --ip-destination-port 22 -j RETURN
					E -A FORWARD -j ACCEPT; E -P FORWARD DROP`,
			],
			[
				'a chain whose own policy drops',
				'-N GUESTS -P DROP; E -A FORWARD -p IPv4 --ip-protocol tcp --ip-destination-port 22 -j GUESTS',
			],
			[
				'vifs and a port',
				'-A FORWARD -i vif3.0 -o vif4.0 -p IPv4 --ip-protocol tcp --ip-destination-port 22 -j DROP',
			],
			[
				'a limit, and a drop',
				`-A FORWARD -p IPv4 --ip-protocol tcp --ip-destination-port 22 --limit 1/hour --limit-burst 1 -j ACCEPT
					E -A FORWARD -p IPv4 --ip-protocol tcp --ip-destination-port 22 -j DROP`,
			],
			[
				'another destination',
				'-t nat -A PREROUTING -p IPv4 --ip-protocol tcp --ip-destination-port 22 -j dnat --to-destination 02:00:00:00:00:99',
			],
		] as const
	).map(([title, rules]) => ({
		title,
		sh: `ebtables-nft ${rules.replaceAll('E -', 'ebtables-nft -')}`,
		undo: clean,
		loses: [ssh],
		passes: [web],
	})),
	{
		title: 'a rule that drops pairs of addresses',
		sh: 'ebtables-nft -A FORWARD --among-src 00:16:3e:00:00:03=10.0.0.3,00:16:3e:00:00:09 -j DROP',
		undo: clean,
		loses: [ssh],
	},
	{
		title: 'a rule that drops by IPv6',
		sh: 'ebtables-nft -A FORWARD -p IPv6 --ip6-protocol tcp --ip6-destination-port 22 -j DROP',
		undo: clean,
		loses: [ssh6],
		passes: [ssh],
	},
	{
		title: 'a rule that locks addresses of Ethernet',
		sh: `for i in 3 4; do ebtables-nft -A FORWARD -i vif$i.0 -s ! 00:16:3e:00:00:0$i -j DROP; done`,
		undo: clean,
		passes: [ssh, ssh6],
	},
	{
		title: 'a rule that locks a mask of them',
		sh: 'ebtables-nft -A FORWARD -i vif3.0 -s ! 00:16:3e:00:00:00/ff:ff:ff:00:00:00 -j DROP',
		undo: clean,
		passes: [ssh, ssh6],
	},
	{
		title: 'a rule that drops frames to groups',
		sh: 'ebtables-nft -A FORWARD -p IPv4 -d Multicast -j DROP; ebtables-nft -A FORWARD -p IPv4 --pkttype-type broadcast -j DROP',
		undo: clean,
		passes: [ssh],
	},
	{
		title: 'a rule that drops what is no IP',
		sh: 'ebtables-nft -A FORWARD -p 0x88cc -j DROP',
		undo: clean,
		passes: [ssh, ssh6],
	},
	{
		title: 'a rule that marks',
		sh: 'ebtables-nft -A FORWARD -p IPv4 -j mark --mark-set 7 --mark-target CONTINUE',
		undo: clean,
		passes: [ssh],
		careful: 'disciplines and routes go by marks',
	},
	{
		title: 'a rule that only counts',
		sh: 'ebtables-nft -A FORWARD -p IPv4 --ip-protocol tcp -j CONTINUE',
		undo: clean,
		passes: [ssh],
	},
];

testVerdicts(test, {guests: ['web', 'db']}, rules);
