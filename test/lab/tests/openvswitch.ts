// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	allowPair,
	channelUp,
	diverted,
	inTurn,
	patient,
	withColoop,
	type Body,
} from '../channel.ts';
import {labWith} from '../with-lab.ts';
import {ends, type Change} from './_withdrawn.ts';

/** Debian's switch with the kernel's own datapath: it takes both vifs from dom0's bridge. */
const withOvs =
	(body: Body): Body =>
	async (t, given) => {
		await given.dom0.run(
			`/usr/share/openvswitch/scripts/ovs-ctl start --system-id=random --no-monitor
			ovs-vsctl add-br ovsbr0
			for vif in vif1.0 vif2.0; do
				ip link set $vif nomaster
				ovs-vsctl add-port ovsbr0 $vif
			done`,
			patient,
		);
		await body(t, given);
	};

const carries: Body = async (t, {lab, dom0, a}) => {
	t.regex((await dom0.run('ip link show vif1.0')).stdout, /master ovs-system/);
	await channelUp(lab);
	const before = await diverted(a);
	await a.run('ping -c 5 -i 0.2 -W 5 b');
	t.true((await diverted(a)) >= before + 5);
};

const bMac = '00:16:3e:00:00:02';

const changes: Readonly<Record<string, Change>> = {
	'a flow that drops': {
		does: 'ovs-ofctl add-flow ovsbr0 priority=9,icmp,actions=drop',
		undoes: 'ovs-ofctl --strict del-flows ovsbr0 priority=9,icmp',
		reason: /a flow of ovsbr0 would be bypassed: priority=9,icmp actions=drop$/,
	},
	'no flow': {
		does: 'ovs-ofctl del-flows ovsbr0',
		undoes: 'ovs-ofctl add-flow ovsbr0 priority=0,actions=normal',
		reason: /ovsbr0 has no flow for all that vif1\.0 sends to vif2\.0$/,
	},
	'another VLAN': {
		does: 'ovs-vsctl set port vif2.0 tag=10',
		undoes: 'ovs-vsctl clear port vif2.0 tag',
		reason: /vif2\.0 \(access, VLAN 10\)$/,
	},
	'an address bound to another port': {
		does: `ovs-appctl fdb/add ovsbr0 ovsbr0 0 ${bMac}`,
		undoes: `ovs-appctl fdb/del ovsbr0 0 ${bMac}`,
		reason: /00:16:3e:00:00:02 of vif2\.0 bound to another port/,
	},
	'a port that may not forward': {
		does: 'ovs-ofctl mod-port ovsbr0 vif2.0 no-forward',
		undoes: 'ovs-ofctl mod-port ovsbr0 vif2.0 forward',
		reason: /OpenFlow has set no-forward for vif2\.0$/,
	},
	'a mirror': {
		does: 'ovs-vsctl -- --id=@o get port ovsbr0 -- --id=@m create mirror name=ids select-all=true output-port=@o -- set bridge ovsbr0 mirrors=@m',
		undoes: 'ovs-vsctl clear bridge ovsbr0 mirrors',
		reason: /^mirror ids of ovsbr0 takes what passes here/,
	},
	'a vif that goes down': {
		does: 'ip link set vif2.0 down',
		undoes: 'ip link set vif2.0 up',
		reason: /^vif2\.0 is down$/,
	},
};

test(
	'guests on Open vSwitch have a channel, and what the switch forbids ends it within a second',
	labWith({mode: 'icount'}),
	withOvs(
		withColoop(
			allowPair,
			inTurn({
				'a channel comes up, and carries packets': carries,
				...Object.fromEntries(
					Object.entries(changes).map(([name, change]) => [name, ends(name, change)]),
				),
			}),
		),
	),
);
