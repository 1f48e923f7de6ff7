// SPDX-License-Identifier: MIT
//
// Traffic control on the vifs: what a channel would pass by.
import test from 'ava';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const ssh = {port: 22};
const web = {port: 80};

const root = 'tc qdisc del dev vif4.0 root 2>/dev/null || :';
const clsact = 'tc qdisc del dev vif3.0 clsact';

/* Of actions this kernel may have none but mirred: what is sent to a device of nobody is lost. */
const nobody = 'ip link add x type veth peer name y; ip link set x up; ip link set y up';
const port22 = 'protocol ip u32 match ip protocol 6 0xff match ip dport 22 0xffff';
const away = 'action mirred egress redirect dev x';
const attach = (rule: string) => `tc qdisc add dev vif3.0 clsact; tc filter add dev vif3.0 ${rule}`;
const detach = clsact;

const disciplines: Verdict[] = [
	...[
		'pfifo limit 1000',
		'bfifo limit 1000000',
		'fq_codel',
		'fq',
		'sfq',
		'cake',
		'fq_pie',
		'pfifo_head_drop',
	].map(kind => ({
		title: `a plain queue: ${kind}`,
		sh: `tc qdisc replace dev vif4.0 root ${kind}`,
		undo: root,
		passes: [web],
	})),
	...[
		'tbf rate 10mbit burst 32k latency 400ms',
		'htb default 1',
		'prio',
		'netem delay 1ms',
		'fq maxrate 10mbit',
		'cake bandwidth 10mbit',
		'cake wash',
		'cake ack-filter',
		'sfq redflowlimit 100000',
		'stab overhead 20 fq_codel',
	].map(kind => ({
		title: `a discipline that shapes, sorts or changes: ${kind}`,
		sh: `tc qdisc replace dev vif4.0 root ${kind}`,
		undo: root,
		careful: 'a channel would be faster than it lets them be',
		reason: /vif4\.0/,
	})),
	{
		title: 'a queue without room',
		sh: 'tc qdisc replace dev vif4.0 root pfifo limit 0',
		undo: root,
		loses: [web],
		reason: /pfifo with limit 0/,
	},
	...[
		'pfifo limit 1',
		'bfifo limit 1000',
		'bfifo limit 48448',
		'pfifo_head_drop limit 1',
		'fq limit 1',
		'fq flow_limit 1',
		'fq_codel limit 1',
		'fq_codel memory_limit 1000',
		'codel limit 1',
		'sfq limit 2',
		'sfq depth 1',
		'cake memlimit 1000',
		'pie limit 1',
		'fq_pie limit 1',
		'fq_codel target 1us interval 10us',
		'fq_codel ce_threshold 0us',
		'codel target 1us interval 10us',
		'pie target 1us',
		'cake rtt 100us',
		'fq ce_threshold 1us',
	].map(kind => ({
		title: `a queue that takes no burst, or no packet of full size, or waits for neither: ${kind}`,
		sh: `tc qdisc replace dev vif4.0 root ${kind}`,
		undo: root,
		careful: 'a channel would bring what it loses',
		reason: new RegExp(`${kind.split(' ')[0]} with `),
	})),
	{
		title: 'the queue that a device has of its own accord',
		sh: 'tc qdisc replace dev vif4.0 root pfifo_fast',
		undo: root,
		passes: [web],
	},
	...[0, 1].map(length => ({
		title: `the same, once it keeps ${length} packets`,
		sh: `tc qdisc replace dev vif4.0 root pfifo_fast; sleep 0.3; ip link set vif4.0 txqueuelen ${length}`,
		undo: `ip link set vif4.0 txqueuelen 1000; ${root}`,
		careful: 'a channel would bring what it loses',
		reason: new RegExp(`pfifo_fast with txqueuelen ${length},`),
	})),
	{
		title: 'a device without a queue, whatever its length',
		sh: 'ip link set vif4.0 txqueuelen 1',
		undo: 'ip link set vif4.0 txqueuelen 1000',
		passes: [web],
	},
	{
		title: 'a discipline on the bridge, which no packet between guests meets',
		sh: 'tc qdisc replace dev xenbr0 root tbf rate 10mbit burst 32k latency 400ms',
		undo: 'tc qdisc del dev xenbr0 root',
		passes: [web],
	},
	{
		title: 'a discipline on a third device',
		sh: `tc qdisc add dev x root tbf rate 10mbit burst 32k latency 400ms`,
		undo: 'tc qdisc del dev x root',
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
		title: 'a filter that takes away what comes from a guest',
		sh: attach(`ingress ${port22} ${away}`),
		undo: detach,
		loses: [ssh],
		passes: [web],
		reason: /vif3\.0/,
	},
	{
		title: 'a filter that takes away what goes to a guest',
		sh: `tc qdisc add dev vif4.0 clsact; tc filter add dev vif4.0 egress ${port22} ${away}`,
		undo: 'tc qdisc del dev vif4.0 clsact',
		loses: [ssh],
		passes: [web],
		reason: /vif4\.0/,
	},
	{
		title: 'a filter that takes away all',
		sh: attach(`ingress protocol all u32 match u32 0 0 ${away}`),
		undo: detach,
		loses: [ssh, web],
	},
	{
		title: 'a filter that sends a copy elsewhere',
		sh: attach('ingress protocol all u32 match u32 0 0 action mirred egress mirror dev x'),
		undo: detach,
		passes: [web],
		careful: 'who listens would hear nothing of a channel',
	},
	...[
		'action police rate 1mbit burst 10k drop',
		'action skbedit mark 7',
		'action skbedit priority 1:1',
		'action vlan push id 7',
		'action pedit ex munge ip ttl set 9',
		'action csum ip',
		'action ct zone 5',
		'action sample rate 10 group 5',
		'action pass',
	].map(action => ({
		title: `a filter whose action a channel would pass by: ${action}`,
		sh: attach(`ingress protocol ip u32 match u32 0 0 ${action}`),
		undo: detach,
		careful: 'what an action does is not judged',
		reason: /vif3\.0 has a tc ingress filter \(u32\)/,
	})),
	{
		title: 'a filter that only sorts, in a chain of its own',
		sh: attach('egress chain 5 protocol ip u32 match u32 0 0 flowid 1:1'),
		undo: detach,
		passes: [web],
		careful: 'what it is led to is not judged',
	},
	{
		title: 'a filter that drops',
		sh: attach(`ingress ${port22} action drop`),
		undo: detach,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a program of classic BPF that takes away all',
		sh: attach(`ingress protocol all bpf bytecode '1,6 0 0 4294967295' ${away}`),
		undo: detach,
		loses: [ssh, web],
	},
	{
		title: 'a filter that is added to a clsact of long ago',
		sh: `tc qdisc add dev vif3.0 clsact; sleep 0.3; tc filter add dev vif3.0 ingress ${port22} ${away}`,
		undo: detach,
		loses: [ssh],
	},
	{
		title: 'a filter that goes while its clsact stays',
		sh: attach(`ingress pref 9 ${port22} ${away}`),
		undo: detach,
		loses: [ssh],
		mend: 'tc filter del dev vif3.0 ingress pref 9',
	},
	{
		title: 'a filter on the old ingress',
		sh: `tc qdisc add dev vif3.0 ingress; tc filter add dev vif3.0 parent ffff: ${port22} ${away}`,
		undo: 'tc qdisc del dev vif3.0 ingress',
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a block that two vifs share',
		sh: `tc qdisc add dev vif3.0 ingress_block 7 clsact; tc qdisc add dev vif4.0 ingress_block 7 clsact
			tc filter add block 7 ${port22} ${away}`,
		undo: `${clsact}; tc qdisc del dev vif4.0 clsact`,
		loses: [ssh],
		passes: [web],
	},
	{
		title: 'a filter that is added to a shared block of long ago',
		sh: `tc qdisc add dev vif3.0 ingress_block 7 clsact; tc qdisc add dev vif4.0 ingress_block 7 clsact
			sleep 0.3; tc filter add block 7 ${port22} ${away}`,
		undo: `${clsact}; tc qdisc del dev vif4.0 clsact`,
		loses: [ssh],
		passes: [web],
	},
];

testVerdicts(test, {guests: ['web', 'db'], setUp: nobody}, [...disciplines, ...filters]);
