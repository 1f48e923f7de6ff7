// SPDX-License-Identifier: MIT
//
// Rules of iptables, whichever iptables it is, and what they do to bridged packets that meet them.
import type {Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};

export const forward = 'FORWARD -p tcp --dport 22';

export type Row = Omit<Verdict, 'sh' | 'title'> & {
	title: string;
	rules: (iptables: string) => string;
};

/* What lets packets pass comes before what would drop them: a look in between sees no drop. */
export const rows: readonly Row[] = [
	{
		title: 'a port that is dropped',
		rules: ip => `${ip} -A ${forward} -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a port that is rejected',
		rules: ip => `${ip} -A ${forward} -j REJECT`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'H1: a conditional RETURN before an accept, policy drop',
		rules: ip =>
			`${ip} -P FORWARD DROP; ${ip} -A ${forward} -j RETURN; ${ip} -A FORWARD -j ACCEPT`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'H3: a conditional RETURN in a chain whose caller drops',
		rules: ip => `${ip} -N GUESTS; ${ip} -A GUESTS -p tcp --dport 22 -j RETURN; ${ip} -A GUESTS -j ACCEPT
			${ip} -A FORWARD -j GUESTS; ${ip} -A FORWARD -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'H4: a conditional goto in a chain whose caller drops',
		rules: ip => `${ip} -N NONE; ${ip} -N GUESTS; ${ip} -A GUESTS -p tcp --dport 22 -g NONE; ${ip} -A GUESTS -j ACCEPT
			${ip} -A FORWARD -j GUESTS; ${ip} -A FORWARD -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'policy drop alone',
		rules: ip => `${ip} -P FORWARD DROP`,
		loses: [ssh, web],
	},
	{
		title: 'policy drop that a bridge is exempt from by -i and -o',
		rules: ip => `${ip} -A FORWARD -i xenbr0 -o xenbr0 -j ACCEPT; ${ip} -P FORWARD DROP`,
		passes: [ssh, web],
	},
	{
		title: 'policy drop that bridged packets are exempt from',
		rules: ip =>
			`${ip} -A FORWARD -m physdev --physdev-is-bridged -j ACCEPT; ${ip} -P FORWARD DROP`,
		passes: [ssh, web],
	},
	{
		title: 'policy drop, and what Xen’s own scripts add for each vif',
		rules: ip => `for i in 3 4; do
				${ip} -A FORWARD -m physdev --physdev-is-bridged --physdev-in vif$i.0 -j ACCEPT
				${ip} -A FORWARD -m physdev --physdev-is-bridged --physdev-out vif$i.0 -j ACCEPT
			done
			${ip} -P FORWARD DROP`,
		passes: [ssh, web],
	},
	{
		title: 'a drop by the port of the bridge',
		rules: ip => `${ip} -A FORWARD -m physdev --physdev-in vif3.0 -p tcp --dport 22 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a drop by the port of another guest',
		rules: ip => `${ip} -A FORWARD -m physdev --physdev-in vif9.0 -j DROP`,
		passes: [ssh],
	},
	{
		title: 'a drop in raw PREROUTING',
		rules: ip => `${ip} -t raw -A PREROUTING -p tcp --dport 22 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a drop in mangle POSTROUTING',
		rules: ip => `${ip} -t mangle -A POSTROUTING -p tcp --dport 22 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a drop of what dom0 takes in itself',
		rules: ip => `${ip} -P INPUT DROP`,
		passes: [ssh],
	},
	{
		title: 'a rule that only counts',
		rules: ip => `${ip} -A FORWARD -p tcp --dport 22`,
		passes: [ssh],
	},
	{
		title: 'policy drop that bridges are exempt from by how they begin',
		rules: ip => `${ip} -A FORWARD -i xenbr+ -o xenbr+ -j ACCEPT; ${ip} -P FORWARD DROP`,
		passes: [ssh, web],
	},
	{
		title: 'a drop of what comes by other devices',
		rules: ip => `${ip} -A FORWARD ! -i xenbr0 -j DROP; ${ip} -A FORWARD -o docker0 -j DROP`,
		passes: [ssh, web],
	},
	{
		title: 'a drop by any port but one that is not here',
		rules: ip => `${ip} -A FORWARD -m physdev ! --physdev-in vif9.0 -p tcp --dport 22 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a drop by the Ethernet address',
		rules: ip =>
			`${ip} -A FORWARD -m mac --mac-source 00:16:3e:00:00:03 -p tcp --dport 22 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a drop of frames to groups',
		rules: ip => `${ip} -A FORWARD -m pkttype --pkt-type multicast -j DROP`,
		passes: [ssh, web],
	},
	{
		title: 'a drop of connections that begin',
		rules: ip => `${ip} -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
			${ip} -A ${forward} -m conntrack --ctstate NEW -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a count of connections',
		rules: ip => `${ip} -A ${forward} -m connlimit --connlimit-above 0 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a drop of what comes too often',
		rules: ip =>
			`${ip} -A ${forward} -m hashlimit --hashlimit-above 1/day --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name h -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a list of who came lately',
		rules: ip => `${ip} -A ${forward} -m recent --name r --update --seconds 99 -j DROP
			${ip} -A ${forward} -m recent --name r --set`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'chance',
		rules: ip => `${ip} -A ${forward} -m statistic --mode nth --every 1 --packet 0 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'hours of the day',
		rules: ip => `${ip} -A ${forward} -m time --timestart 00:00 --timestop 23:59:59 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'several ports',
		rules: ip => `${ip} -A FORWARD -p tcp -m multiport --dports 20:23,25 -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'bytes at a place',
		rules: ip => `${ip} -A FORWARD -p tcp -m u32 --u32 '0>>22&0x3C@0&0xFFFF=22' -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a program of classic BPF',
		rules: ip => `${ip} -A ${forward} -m bpf --bytecode '1,6 0 0 65535' -j DROP`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a queue to a program that is not there',
		rules: ip => `${ip} -A ${forward} -j NFQUEUE --queue-num 3`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a change of destination',
		rules: ip => `${ip} -t nat -A PREROUTING -p tcp --dport 22 -j DNAT --to 10.0.0.99`,
		loses: [ssh],
		passes: [web],
	},
	...[
		'-t mangle -A FORWARD -p tcp --tcp-flags SYN SYN -j TCPMSS --set-mss 500',
		'-t mangle -A FORWARD -p tcp -j TCPOPTSTRIP --strip-options sack-permitted',
		'-t mangle -A FORWARD -j DSCP --set-dscp 46',
		'-t mangle -A FORWARD -j TTL --ttl-set 9',
		'-t mangle -A FORWARD -j MARK --set-mark 7',
		'-t mangle -A FORWARD -j CONNMARK --set-mark 7',
		'-t mangle -A FORWARD -j CLASSIFY --set-class 1:1',
		'-t mangle -A PREROUTING -j TEE --gateway 10.0.0.99',
		'-t raw -A PREROUTING -p tcp -j CT --zone 5',
		'-A FORWARD -m quota --quota 1000000 -j ACCEPT',
		'-A FORWARD -m limit --limit 9/sec -j ACCEPT',
		'-A FORWARD -j LOG --log-prefix forward',
		'-A FORWARD -j NFLOG --nflog-group 5',
	].map(rule => ({
		title: `what changes or records: ${rule}`,
		rules: (ip: string) => `${ip} ${rule}`,
		passes: [ssh, web],
		careful: 'the other end, or a log, would see another packet or none',
	})),
];
