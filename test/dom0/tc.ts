// SPDX-License-Identifier: MIT
//
// Traffic control on the vifs: what a channel would pass by.
import test from 'ava';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};

const root = 'tc qdisc del dev vif4.0 root';
const clsact = 'tc qdisc del dev vif3.0 clsact';
const filter = (rule: string) => `tc qdisc add dev vif3.0 clsact; tc filter add dev vif3.0 ${rule}`;
const drop22 = 'protocol ip u32 match ip protocol 6 0xff match ip dport 22 0xffff action drop';

const disciplines: Verdict[] = [
	...['pfifo_fast', 'pfifo limit 1000', 'fq_codel', 'sfq'].map(kind => ({
		title: `a plain queue: ${kind}`,
		sh: `tc qdisc replace dev vif4.0 root ${kind}`,
		undo: root,
		passes: [web],
	})),
	...[
		['tbf', 'tbf rate 10mbit burst 32k latency 400ms'],
		['htb', 'htb default 1'],
		['prio', 'prio'],
	].map(([name, kind]) => ({
		title: `a discipline that shapes or sorts: ${name}`,
		sh: `tc qdisc replace dev vif4.0 root ${kind}`,
		undo: root,
		careful: 'a channel would be faster than it lets them be',
		reason: /vif4\.0/,
	})),
	{
		title: 'a discipline that lets nothing pass',
		sh: 'tc qdisc replace dev vif4.0 root pfifo limit 0; tc qdisc replace dev vif4.0 root tbf rate 8bit burst 1 limit 1',
		undo: root,
		loses: [web],
	},
	{
		title: 'a discipline on the bridge, which no packet between guests meets',
		sh: 'tc qdisc replace dev xenbr0 root tbf rate 10mbit burst 32k latency 400ms',
		undo: 'tc qdisc del dev xenbr0 root',
		passes: [web],
	},
	{
		title: 'a discipline on a third device',
		sh: 'ip link add x type veth peer name y; tc qdisc add dev x root tbf rate 10mbit burst 32k latency 400ms',
		undo: 'ip link del x',
		passes: [web],
	},
];

const filters: Verdict[] = [
	{title: 'clsact alone', sh: 'tc qdisc add dev vif3.0 clsact', undo: clsact, passes: [ssh]},
	{
		title: 'ingress alone',
		sh: 'tc qdisc add dev vif3.0 ingress',
		undo: 'tc qdisc del dev vif3.0 ingress',
		passes: [ssh],
	},
	{
		title: 'a filter that drops what comes from a guest',
		sh: filter(`ingress ${drop22}`),
		undo: clsact,
		loses: [ssh],
		passes: [web],
		reason: /vif3\.0/,
	},
	{
		title: 'a filter that drops what goes to a guest',
		sh: `tc qdisc add dev vif4.0 clsact; tc filter add dev vif4.0 egress ${drop22}`,
		undo: 'tc qdisc del dev vif4.0 clsact',
		loses: [ssh],
		passes: [web],
		reason: /vif4\.0/,
	},
	{
		title: 'a filter that drops all',
		sh: filter('ingress matchall action drop'),
		undo: clsact,
		loses: [ssh, web],
	},
	{
		title: 'a filter by address',
		sh: filter(
			'ingress protocol ip flower dst_ip 10.0.0.4 ip_proto tcp dst_port 22 action drop',
		),
		undo: clsact,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a filter that sends elsewhere',
		sh: `ip link add x type veth peer name y; ip link set x up; ip link set y up
			${filter('ingress matchall action mirred egress redirect dev x')}`,
		undo: `${clsact}; ip link del x`,
		loses: [web],
	},
	{
		title: 'a filter that sends a copy elsewhere',
		sh: `ip link add x type veth peer name y; ip link set x up; ip link set y up
			${filter('ingress matchall action mirred egress mirror dev x')}`,
		undo: `${clsact}; ip link del x`,
		passes: [web],
		careful: 'who listens would hear nothing of a channel',
	},
	{
		title: 'a filter that limits the rate',
		sh: filter('ingress matchall action police rate 1mbit burst 10k drop'),
		undo: clsact,
		careful: 'a channel would be faster',
	},
	{
		title: 'a filter that is added to a clsact of long ago',
		sh: `tc qdisc add dev vif3.0 clsact; sleep 0.3; tc filter add dev vif3.0 ingress ${drop22}`,
		undo: clsact,
		loses: [ssh],
	},
	{
		title: 'a filter that goes while its clsact stays',
		sh: `${filter(`ingress pref 9 ${drop22}`)}; tc filter del dev vif3.0 ingress pref 9`,
		undo: clsact,
		passes: [ssh],
	},
	{
		title: 'a filter on the old ingress',
		sh: `tc qdisc add dev vif3.0 ingress; tc filter add dev vif3.0 parent ffff: ${drop22}`,
		undo: 'tc qdisc del dev vif3.0 ingress',
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a block that two vifs share',
		sh: `tc qdisc add dev vif3.0 ingress_block 7 clsact; tc qdisc add dev vif4.0 ingress_block 7 clsact
			tc filter add block 7 ${drop22}`,
		undo: `${clsact}; tc qdisc del dev vif4.0 clsact`,
		loses: [ssh],
		passes: [web],
	},
];

testVerdicts(test, {guests: ['web', 'db']}, [...disciplines, ...filters]);
