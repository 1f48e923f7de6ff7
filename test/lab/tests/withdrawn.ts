// SPDX-License-Identifier: MIT
import test from 'ava';
import {allowPair, inTurn, withColoop} from '../channel.ts';
import {labWith} from '../with-lab.ts';
import {ends, type Change} from './_withdrawn.ts';

const aMac = '00:16:3e:00:00:01';
const bMac = '00:16:3e:00:00:02';

const changes: Readonly<Record<string, Change>> = {
	'a rule of the bridge family': {
		does: 'nft add table bridge f && nft add chain bridge f c "{ type filter hook forward priority 0; policy accept; }" && nft add rule bridge f c tcp dport 25 drop',
		undoes: 'nft delete table bridge f',
		reason: /table bridge f, chain c.*tcp dport 25 drop/,
	},
	'a discipline with a rate': {
		does: 'tc qdisc replace dev vif2.0 root fq maxrate 20mbit',
		undoes: 'tc qdisc del dev vif2.0 root',
		reason: /vif2\.0 has .*fq/,
	},
	'a tc filter': {
		does: 'tc qdisc add dev vif1.0 clsact && tc filter add dev vif1.0 ingress matchall action drop',
		undoes: 'tc qdisc del dev vif1.0 clsact',
		reason: /vif1\.0 has .*filter/,
	},
	'an FDB entry on another port': {
		does: `bridge fdb replace ${bMac} dev vif1.0 master static`,
		undoes: `bridge fdb del ${bMac} dev vif1.0 master`,
		reason: new RegExp(bMac),
	},
	'a local FDB entry': {
		does: `bridge fdb replace ${bMac} dev xenbr0 self local permanent`,
		undoes: `bridge fdb del ${bMac} dev xenbr0 self local permanent`,
		reason: new RegExp(bMac),
	},
	'ports that neither learn nor are flooded': {
		does: `for port in vif1.0 vif2.0; do bridge link set dev $port learning off flood off; done
			for mac in ${aMac} ${bMac}; do bridge fdb del $mac dev xenbr0 master 2>/dev/null; done
			ip link set xenbr0 type bridge fdb_flush`,
		undoes: 'for port in vif1.0 vif2.0; do bridge link set dev $port learning on flood on; done',
		reason: /flood/,
	},
	'isolated ports': {
		does: 'for port in vif1.0 vif2.0; do bridge link set dev $port isolated on; done',
		undoes: 'for port in vif1.0 vif2.0; do bridge link set dev $port isolated off; done',
		reason: /isolated/,
	},
	'a VLAN that does not forward': {
		does: 'ip link set xenbr0 type bridge vlan_filtering 1 && bridge vlan set dev vif1.0 vid 1 state blocking',
		undoes: 'bridge vlan set dev vif1.0 vid 1 state forwarding && ip link set xenbr0 type bridge vlan_filtering 0',
		reason: /vif1\.0.*blocking/,
	},
	'rules of iptables that br_netfilter applies': {
		first: 'modprobe br_netfilter; sysctl -qw net.bridge.bridge-nf-call-iptables=0; iptables -A FORWARD -p tcp --dport 25 -j DROP',
		does: 'sysctl -qw net.bridge.bridge-nf-call-iptables=1',
		undoes: 'sysctl -qw net.bridge.bridge-nf-call-iptables=0; nft flush ruleset; rmmod br_netfilter',
		reason: /br_netfilter/,
	},
	'legacy iptables that br_netfilter applies': {
		first: 'modprobe br_netfilter; sysctl -qw net.bridge.bridge-nf-call-iptables=1',
		does: 'iptables-legacy -A FORWARD -p tcp --dport 25 -j DROP',
		undoes: 'sysctl -qw net.bridge.bridge-nf-call-iptables=0; iptables-legacy -F; rmmod iptable_filter br_netfilter',
		reason: /legacy iptables/,
	},
	'a vif that goes down': {
		does: 'ip link set vif2.0 down',
		undoes: 'ip link set vif2.0 up',
		reason: /vif2\.0 .*disabled/,
	},
	'another name': {
		does: 'xenstore-write /local/domain/$b/name other',
		undoes: 'xenstore-write /local/domain/$(xl domid other)/name b',
		reason: /policy/,
		renamed: 'other',
	},
};

test(
	'what dom0 forbids ends a live channel within a second',
	labWith({mode: 'icount'}),
	withColoop(
		allowPair,
		inTurn(
			Object.fromEntries(
				Object.entries(changes).map(([name, change]) => [name, ends(name, change)]),
			),
		),
	),
);
