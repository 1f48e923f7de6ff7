// SPDX-License-Identifier: MIT
//
// What no ruleset lists: the bridge's ports, its table of addresses, the devices themselves.
import test from 'ava';
import {testVerdicts, type Verdict} from './harness/verdicts.ts';

const macB = '00:16:3e:00:00:04';
const macA = '00:16:3e:00:00:03';
const any = {};

const ports: Verdict[] = [
	{
		title: 'both ports isolated',
		sh: 'bridge link set dev vif3.0 isolated on; bridge link set dev vif4.0 isolated on',
		undo: 'bridge link set dev vif3.0 isolated off; bridge link set dev vif4.0 isolated off',
		loses: [any],
		reason: /isolated/,
	},
	{
		title: 'one port isolated',
		sh: 'bridge link set dev vif3.0 isolated on',
		undo: 'bridge link set dev vif3.0 isolated off',
		passes: [any],
	},
	...(['disabled', 'listening', 'learning'] as const).map((state, index) => ({
		title: `a port that is ${state}`,
		sh: `bridge link set dev vif4.0 state ${index}`,
		undo: 'bridge link set dev vif4.0 state 3',
		loses: [any],
		reason: new RegExp(`not forwarding.*${state}`),
	})),
	{
		title: 'a port that is down',
		sh: 'ip link set vif4.0 down',
		undo: 'ip link set vif4.0 up; ip -n db link set eth0 up',
		loses: [any],
	},
	{
		title: 'a bridge that is down',
		sh: 'ip link set xenbr0 down',
		undo: 'ip link set xenbr0 up',
		loses: [any],
		careful: 'no port forwards',
	},
	{
		title: "a guest's end that is down",
		sh: 'ip -n db link set eth0 down',
		undo: 'ip -n db link set eth0 up',
		loses: [any],
	},
	{
		title: 'a vif that leaves the bridge',
		sh: 'ip link set vif4.0 nomaster',
		undo: 'ip link set vif4.0 master xenbr0',
		loses: [any],
		reason: /vif4\.0/,
	},
	{
		title: 'a vif that moves to another bridge',
		sh: 'ip link add xenbr1 type bridge; ip link set xenbr1 up; ip link set vif4.0 master xenbr1',
		undo: 'ip link set vif4.0 master xenbr0; ip link del xenbr1',
		loses: [any],
	},
	{
		title: 'a vif that is renamed',
		sh: 'ip link set vif4.0 down; ip link set vif4.0 name other; ip link set other up',
		undo: 'ip link set other down; ip link set other name vif4.0; ip link set vif4.0 up',
		careful: 'nobody knows that it is still the same',
	},
	{
		title: 'another port that comes and goes',
		sh: `ip link add x type veth peer name y; ip link set x master xenbr0 up; ip link set y up
			ip link del x`,
		passes: [any],
	},
	{
		title: 'the longest packet of the bridge',
		sh: 'ip link set xenbr0 mtu 1400',
		undo: 'ip link set xenbr0 mtu 1500',
		passes: [any],
	},
	...[
		['hairpin', 'on', 'off'],
		['learning', 'off', 'on'],
		['mcast_flood', 'off', 'on'],
		['neigh_suppress', 'on', 'off'],
		['guard', 'on', 'off'],
		['root_block', 'on', 'off'],
		['fastleave', 'on', 'off'],
		['mcast_to_unicast', 'on', 'off'],
		['cost', '200', '2'],
		['priority', '7', '32'],
	].map(([flag, value, usual]) => ({
		title: `${flag} ${value} of a port`,
		sh: `bridge link set dev vif3.0 ${flag} ${value}`,
		undo: `bridge link set dev vif3.0 ${flag} ${usual}`,
		passes: [any],
	})),
	...[
		['stp_state', '1', '0'],
		['mcast_snooping', '0', '1'],
		['mcast_querier', '1', '0'],
		['no_linklocal_learn', '1', '0'],
		['group_fwd_mask', '8', '0'],
		['ageing_time', '100', '30000'],
	].map(([option, value, usual]) => ({
		title: `${option} ${value} of the bridge`,
		sh: `ip link set xenbr0 type bridge ${option} ${value}`,
		undo: `ip link set xenbr0 type bridge ${option} ${usual}`,
		passes: [any],
	})),
	{
		title: 'a port that stands in for another',
		sh: `ip link add x type veth peer name y; ip link set x master xenbr0 up; ip link set y up
			bridge link set dev vif4.0 backup_port x`,
		undo: 'bridge link set dev vif4.0 nobackup_port; ip link del x',
		passes: [any],
	},
	{
		title: 'a locked port that has no entry',
		sh: 'bridge link set dev vif3.0 learning off locked on; bridge fdb flush dev vif3.0 master dynamic',
		undo: 'bridge link set dev vif3.0 learning on locked off',
		loses: [any],
		reason: /vif3\.0 is a locked port of xenbr0/,
	},
	{
		title: 'a locked port that has a lasting entry',
		sh: `bridge fdb replace ${macA} dev vif3.0 master static; bridge link set dev vif3.0 learning off locked on`,
		undo: `bridge link set dev vif3.0 learning on locked off; bridge fdb del ${macA} dev vif3.0 master`,
		passes: [any],
	},
	{
		title: 'a port that answers ARP for others, and has no entry',
		sh: `ip link set vif4.0 type bridge_slave proxy_arp on learning off
			bridge fdb flush dev vif4.0 master dynamic`,
		undo: 'ip link set vif4.0 type bridge_slave proxy_arp off learning on',
		loses: [any],
		reason: /vif4\.0 takes no unknown unicast/,
	},
];

const addresses: Verdict[] = [
	{
		title: "a permanent entry that sends one's address to the other's port",
		sh: `bridge fdb replace ${macB} dev vif3.0 master static`,
		// One that is not sticky follows its address to the port of the next frame that has it as source.
		undo: `bridge fdb del ${macB} dev vif3.0 master || bridge fdb del ${macB} dev vif4.0 master`,
		loses: [any],
	},
	{
		title: "an entry that makes one's address the bridge's own",
		sh: `bridge fdb replace ${macB} dev xenbr0 self permanent`,
		undo: `bridge fdb del ${macB} dev xenbr0 self`,
		loses: [any],
	},
	{
		title: 'an entry on a third port',
		sh: `ip link add x type veth peer name y; ip link set x master xenbr0 up; ip link set y up
			bridge fdb replace ${macB} dev x master static`,
		undo: 'ip link del x',
		loses: [any],
	},
	{
		title: 'an entry where the address really is',
		sh: `bridge fdb replace ${macB} dev vif4.0 master static`,
		undo: `bridge fdb del ${macB} dev vif4.0 master`,
		passes: [any],
	},
	{
		title: 'an entry that another program learned, on another port',
		sh: `bridge fdb replace ${macB} dev vif3.0 master extern_learn`,
		undo: `bridge fdb del ${macB} dev vif3.0 master || bridge fdb del ${macB} dev vif4.0 master || :`,
		careful: 'it may follow its address, or not',
	},
	{
		title: 'an entry that does not follow its address',
		sh: `bridge fdb replace ${macB} dev vif3.0 master static sticky`,
		undo: `bridge fdb del ${macB} dev vif3.0 master`,
		loses: [any],
		reason: /sends frames for 00:16:3e:00:00:04 to vif3\.0, not to vif4\.0/,
	},
	{
		title: 'an entry of the device itself, which is in no table of the bridge',
		sh: `bridge fdb add ${macB} dev vif3.0 self`,
		undo: `bridge fdb del ${macB} dev vif3.0 self`,
		passes: [any],
	},
	{
		title: 'an entry in a bridge of others',
		sh: `ip link add xenbr1 type bridge; ip link add x type veth peer name y; ip link set x master xenbr1
			bridge fdb add ${macB} dev x master static`,
		undo: 'ip link del x; ip link del xenbr1',
		passes: [any],
	},
	{
		title: 'entries of strangers',
		sh: 'bridge fdb add 02:00:00:00:00:77 dev vif3.0 master static',
		undo: 'bridge fdb del 02:00:00:00:00:77 dev vif3.0 master',
		passes: [any],
	},
	{
		title: 'no flooding, no learning and no entry',
		sh: `for i in 3 4; do bridge link set dev vif$i.0 learning off flood off mcast_flood off bcast_flood off; done
			bridge fdb flush dev xenbr0 2>/dev/null || { ip link set xenbr0 type bridge fdb_flush; }`,
		undo: 'for i in 3 4; do bridge link set dev vif$i.0 learning on flood on mcast_flood on bcast_flood on; done',
		loses: [any],
	},
	{
		title: 'no flooding and no learning, but static entries for both',
		sh: `bridge fdb replace ${macA} dev vif3.0 master static; bridge fdb replace ${macB} dev vif4.0 master static
			for i in 3 4; do bridge link set dev vif$i.0 learning off flood off; done`,
		undo: `for i in 3 4; do bridge link set dev vif$i.0 learning on flood on; done
			bridge fdb del ${macA} dev vif3.0 master; bridge fdb del ${macB} dev vif4.0 master`,
		passes: [any],
	},
	{
		title: 'a third port with the address of one of them',
		sh: `ip link add x address ${macB} type veth peer name y; ip link set x master xenbr0 up; ip link set y up`,
		undo: 'ip link del x',
		careful: 'the bridge takes it for its own',
		loses: [any],
	},
];

testVerdicts(test, {guests: ['web', 'db']}, [...ports, ...addresses]);
