// SPDX-License-Identifier: MIT
//
// nftables: what a rule may do beside accepting and dropping, and what it may go by beside the packet.
import test from 'ava';
import {forward, ofIp, seen, unseen} from './harness/nft.ts';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};
const udp = {protocol: 'udp', port: 53} as const;
const ssh6 = {port: 22, ip: 6} as const;

const raw = (rule: string) =>
	`nft 'table ip r { chain p { type filter hook prerouting priority raw; ${rule}; }; }'`;

/* What is lost is lost for what a rule says; what only changes, or may be lost another time, is a matter of care. */

const recorded: Verdict[] = [
	{
		title: 'a quota of a name, used up',
		sh: forward('tcp dport 22 quota name much drop', {more: 'quota much { over 0 bytes; }'}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a quota that is far away',
		sh: forward('tcp dport 22 quota over 1000 mbytes drop'),
		passes: [ssh],
		careful: 'one day it is used up',
	},
	{
		title: 'a limit of a name',
		sh: forward('tcp dport 22 limit name slow accept\n tcp dport 22 drop', {
			more: 'limit slow { rate 1/day burst 1 packets; }',
		}),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a limit for each sender',
		sh: forward(
			'tcp dport 22 add @senders { ip saddr limit rate over 1/day burst 1 packets } drop',
			{
				more: 'set senders { type ipv4_addr; flags dynamic; }',
			},
		),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a list of senders that rules fill themselves',
		sh: forward(
			'tcp dport 22 add @senders { ip saddr }\n ip saddr @senders tcp dport 22 drop',
			{
				more: 'set senders { type ipv4_addr; flags dynamic; }',
			},
		),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'port knocking',
		sh: forward(
			'udp dport 53 add @knocked { ip saddr timeout 9s }\n ip saddr @knocked accept\n tcp dport 22 drop',
			{more: 'set knocked { type ipv4_addr; flags dynamic,timeout; }'},
		),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a count of connections',
		...ofIp('tcp dport 22 ct count over 0 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'connections that begin',
		...ofIp('ct state established,related accept\n tcp dport 22 ct state new drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'connections that nobody tracks',
		sh: `${forward('ct state untracked drop', {family: 'ip'})}; ${raw('tcp dport 22 notrack')}; ${seen}`,
		undo: unseen,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'packets that nobody is to track, and no rule asks',
		sh: `${raw('tcp dport 22 notrack')}; ${seen}`,
		undo: unseen,
		passes: [ssh, web],
	},
	{
		title: 'a mark of the connection',
		...ofIp('tcp dport 22 ct mark set 7\n ct mark 7 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a zone of connections',
		sh: `${raw('tcp dport 22 ct zone set 5')}; ${seen}`,
		undo: unseen,
		passes: [ssh],
		careful: 'other connections are looked up there',
	},
];

const asked: Verdict[] = [
	{
		title: 'a time that is now',
		sh: forward('meta time > "2020-01-01 00:00:00" tcp dport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'hours of the day',
		sh: forward('meta hour "00:00"-"23:59:59" tcp dport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a time that is over',
		sh: forward('meta time < "2020-01-01 00:00:00" drop'),
		passes: [ssh],
		careful: 'clocks are set',
	},
	{
		title: 'where a route leads',
		...ofIp('fib daddr type != local tcp dport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'whether a sender can be reached by where it came from',
		sh: `nft 'table ip f { chain c { type filter hook prerouting priority raw; fib saddr . iif oif missing drop; }; }'; ${seen}`,
		undo: unseen,
		passes: [ssh],
		careful: 'routes change',
	},
	{
		title: 'a socket of dom0',
		sh: `nft 'table ip f { chain c { type filter hook prerouting priority mangle; socket transparent 1 drop; }; }'; ${seen}`,
		undo: unseen,
		passes: [ssh],
		careful: 'somebody may open one',
	},
	{
		title: 'the processor',
		sh: forward('meta cpu 0-4095 tcp dport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a group of devices',
		sh: forward('meta iifgroup 0 tcp dport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a kind of device',
		sh: forward('meta iifkind "veth" tcp dport 22 drop'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'frames to groups, which no channel takes',
		sh: forward('meta pkttype { broadcast, multicast } ether type ip drop'),
		passes: [ssh, ssh6, udp],
	},
	{
		title: 'the bit of groups in an address',
		sh: forward('ether daddr & 01:00:00:00:00:00 != 00:00:00:00:00:00 ether type ip drop'),
		passes: [ssh, udp],
	},
	{
		title: 'ICMPv6 in whatever version of IP',
		sh: forward('meta l4proto ipv6-icmp ether type ip icmpv6 type echo-request drop'),
		passes: [ssh],
		careful: 'an IPv4 packet of protocol 58 is dropped',
	},
	{
		title: 'frames with a tag',
		sh: forward('vlan id 5 drop\n ether type 8021q drop'),
		passes: [ssh, ssh6],
	},
	{
		title: 'an option of TCP',
		sh: forward('tcp dport 22 tcp option maxseg exists drop'),
		loses: [ssh],
		passes: [web],
	},
];

const changed: Verdict[] = [
	...(
		[
			['the time to live', 'ip ttl set 1'],
			['the hop limit', 'ip6 hoplimit set 1'],
			['the class of service', 'ip dscp set ef'],
			['the ECN field', 'ip ecn set ce'],
			['the flow label', 'ip6 flowlabel set 7'],
			['the longest segment', 'tcp flags syn tcp option maxseg size set 500'],
			['an option of TCP away', 'reset tcp option sack-perm'],
			["the sender's Ethernet address", 'ether saddr set 02:00:00:00:00:99'],
			['the priority', 'meta priority set 1:1'],
			['a mark by a map', 'meta mark set tcp dport map { 22 : 7, 80 : 8 }'],
		] as const
	).map(([title, rule]) => ({
		title: `changes ${title}`,
		sh: forward(rule),
		passes: [ssh, ssh6],
		careful: 'the other end would see another packet, or dom0 do something else with it',
	})),
	{
		title: 'changes the port',
		sh: forward('tcp dport 22 tcp dport set 23'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'changes raw bytes',
		sh: forward('tcp dport 22 @ll,0,48 set 0x020000000099'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'changes whose packet it is',
		sh: `nft 'table bridge f { chain c { type filter hook prerouting priority 0; tcp dport 22 meta pkttype set other; }; }'`,
		passes: [ssh],
		careful: 'who looks at that decides otherwise',
	},
	{
		title: 'resets a connection',
		...ofIp('tcp dport 22 reject with tcp reset'),
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'rejects at a device',
		sh: `nft 'table netdev f { chain c { type filter hook ingress device vif3.0 priority 0; tcp dport 22 reject; }; }'`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'answers in the place of a server',
		sh: `${raw('tcp dport 22 notrack')}; ${forward('tcp dport 22 ct state invalid,untracked synproxy mss 1460 wscale 7', {family: 'ip'})}; ${seen}`,
		undo: unseen,
		careful: "dom0's answers would be missed",
	},
	{
		title: 'takes to a proxy that is not there',
		sh: `nft 'table ip f { chain c { type filter hook prerouting priority mangle; tcp dport 22 tproxy to :9; }; }'; ${seen}`,
		undo: unseen,
		passes: [ssh],
		careful: 'it may be there tomorrow',
	},
	{
		title: 'takes to dom0',
		sh: `nft 'table ip f { chain c { type nat hook prerouting priority dstnat; tcp dport 22 redirect to :9; }; }'; ${seen}`,
		undo: unseen,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'sends a copy from a device',
		sh: `nft 'table netdev f { chain c { type filter hook ingress device vif3.0 priority 0; dup to lo; }; }'`,
		passes: [ssh],
		careful: 'who gets the copies would miss them',
	},
	{
		title: 'sends a copy by IP',
		...ofIp('tcp dport 22 dup to 10.0.0.99 device "xenbr0"'),
		passes: [ssh],
		careful: 'who gets the copies would miss them',
	},
	{
		title: 'shows packets to who traces',
		sh: forward('meta nftrace set 1'),
		passes: [ssh, udp],
	},
];

testVerdicts(test, {guests: ['web', 'db']}, [...recorded, ...asked, ...changed]);
