// SPDX-License-Identifier: MIT
//
// iptables, through nftables and of old, with and without br_netfilter.
import test from 'ava';
import {forward, rows, type Row} from './_iptables.ts';
import {seen, unseen} from './harness/nft.ts';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};
const ssh6 = {port: 22, ip: 6} as const;

const clean = (ip: string) =>
	`for table in filter raw mangle nat; do ${ip} -t $table -F; ${ip} -t $table -X; done; ${ip} -P FORWARD ACCEPT; ${ip} -P INPUT ACCEPT`;

/* What is in legacy tables is not read: whatever it is refuses, soon, where bridged packets pass them. */
function refused(ip: string, {loses = []}: Partial<Row>) {
	const careful = 'legacy tables are not read';

	return ip === 'iptables-legacy' && loses.length === 0 ? {careful} : {};
}

/* The daemon looks at the switches of br_netfilter now and then: they are off until all rows have passed so. */
function verdicts(ip: string): Verdict[] {
	return [
		...rows.map(({title, rules}) => ({
			title: `${ip}, br_netfilter off: ${title}`,
			sh: rules(ip),
			undo: clean(ip),
			passes: [ssh, web],
		})),
		...rows.map(({title, rules, ...row}) => ({
			...row,
			...refused(ip, row),
			title: `${ip}, br_netfilter on: ${title}`,
			sh: `${seen}; ${rules(ip)}`,
			undo: `${clean(ip)}; ${unseen}`,
		})),
	];
}

const others: Verdict[] = [
	{
		title: 'br_netfilter that is turned on over rules of long ago',
		sh: `iptables-nft -A ${forward} -j DROP; sleep 0.2; ${seen}`,
		undo: `${clean('iptables-nft')}; ${unseen}`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'br_netfilter for IPv4 alone, rules for IPv6 alone',
		sh: `echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; ip6tables-nft -A ${forward} -j DROP`,
		undo: `${clean('ip6tables-nft')}; ${unseen}`,
		passes: [ssh, ssh6],
	},
	{
		title: 'ip6tables with br_netfilter on',
		sh: `${seen}; ip6tables-nft -A ${forward} -j DROP`,
		undo: `${clean('ip6tables-nft')}; ${unseen}`,
		loses: [ssh6],
		passes: [ssh],
	},
];

const inPrerouting = (rule: string) =>
	`nft 'table inet t { chain c { type filter hook prerouting priority raw; tcp dport 22 ${rule}; }; }'`;
const elsewhere = inPrerouting('ether daddr set 00:16:3e:00:00:99');

/** Between a guest and dom0, whose own chains see what comes by a channel as well. */
const withDom0: Verdict[] = [
	{
		title: 'what dom0 drops of its own it drops of a channel, too',
		sh: `${seen}; ${inPrerouting('drop')}`,
		undo: unseen,
		passes: [web],
	},
	{
		title: 'a frame that IP rules send elsewhere before the bridge looks',
		sh: `${seen}; ${elsewhere}`,
		undo: unseen,
		loses: [ssh],
		passes: [web],
		reason: /ether daddr set/,
	},
	{
		title: "a frame that IP rules say is not dom0's",
		sh: `${seen}; ${inPrerouting('meta pkttype set other')}`,
		undo: unseen,
		loses: [ssh],
		passes: [web],
		reason: /pkttype set/,
	},
	{
		title: 'a frame that IP rules change where the bridge has looked, br_netfilter off',
		sh: `${unseen}; ${elsewhere}`,
		passes: [ssh, web],
	},
];

const toDb = 'tcp dport 22 dnat to 10.0.0.4:22';
const nat = (rule: string) =>
	`nft 'table ip n { chain c { type nat hook prerouting priority dstnat; ${rule}; }; }'`;
const apart =
	"nft 'table bridge f { chain c { type filter hook forward priority 0; iifname vif3.0 oifname vif4.0 tcp dport 22 drop; }; }'";
const isolated = (how: string) =>
	['vif3.0', 'vif4.0'].map(device => `bridge link set dev ${device} isolated ${how}`).join('; ');

const routing = `${seen}; echo 1 >/proc/sys/net/ipv4/ip_forward`;

/** From a guest through dom0 to another: what the bridge carries on, a channel has dom0 route. */
const redirected: Verdict[] = [
	{
		title: 'what dom0 sends on to another guest passes, as no rule of the bridge is in its way',
		sh: `${routing}; ${nat(toDb)}`,
		undo: unseen,
		passes: [ssh],
	},
	{
		title: 'what dom0 sends on to another guest meets a rule between the two',
		sh: `${routing}; ${nat(toDb)}; ${apart}`,
		undo: unseen,
		loses: [ssh],
		passes: [web],
		reason: /bridge f, chain c.* dom0 send it on: table ip n, .*dnat to 10.0.0.4:22/,
		mend: 'nft delete table bridge f',
	},
	{
		title: 'the same by iptables',
		sh: `${routing}; iptables-nft -t nat -A PREROUTING -p tcp --dport 22 -j DNAT --to 10.0.0.4:22; ${apart}`,
		undo: unseen,
		loses: [ssh],
		reason: /dom0 send it on: table ip nat/,
		mend: 'nft delete table bridge f',
	},
	{
		title: 'what dom0 sends on, between isolated ports',
		sh: `${routing}; ${isolated('on')}; ${nat(toDb)}`,
		undo: `${isolated('off')}; ${unseen}`,
		loses: [ssh],
		passes: [web],
		reason: /vif3.0 is an isolated port .*dnat to 10.0.0.4:22/,
		mend: isolated('off'),
	},
	{
		title: 'isolated ports, and rules that send nothing on',
		sh: `${routing}; ${isolated('on')}; ${nat('tcp dport 22 redirect to :80')}`,
		undo: `${isolated('off')}; ${unseen}`,
		passes: [web],
	},
	{
		title: 'a rule between two guests, and rules that send on what others than guests send',
		sh: `${routing}; ${nat(`iifname != xenbr0 ${toDb}`)}; ${apart}`,
		undo: unseen,
		passes: [ssh, web],
	},
];

/* A legacy table that was made stays, if empty: not where the others are tried. */
testVerdicts(test, {guests: ['web', 'db']}, [...verdicts('iptables-nft'), ...others]);
testVerdicts(test, {guests: ['web', 'db']}, verdicts('iptables-legacy'));
testVerdicts(
	test,
	{guests: ['web', 'db'], dom0Speaks: true},
	withDom0.map(verdict => ({...verdict, between: ['web', 'dom0']})),
);
testVerdicts(
	test,
	{guests: ['web', 'db'], dom0Speaks: true},
	redirected.map(verdict => ({...verdict, between: ['web', 'dom0'], serving: ['db', ssh]})),
);
