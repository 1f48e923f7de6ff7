// SPDX-License-Identifier: MIT
import test from 'ava';
import {allowPair, channelUp, inTurn, patient, status, withColoop, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

/** How long a channel may live on after dom0 has forbidden it, in milliseconds of dom0's clock. */
const most = 1000;

/** What dom0 does that stands between a and b, how it takes that back, and what it is then told. */
type Change = {
	readonly does: string;
	readonly undoes: string;
	readonly reason: RegExp;
	/** What b is called then. */
	readonly renamed?: string;
};

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
		does: 'iptables -A FORWARD -p tcp --dport 25 -j DROP; modprobe br_netfilter; sysctl -qw net.bridge.bridge-nf-call-iptables=1',
		undoes: 'sysctl -qw net.bridge.bridge-nf-call-iptables=0; nft flush ruleset; rmmod br_netfilter',
		reason: /br_netfilter/,
	},
	'legacy iptables that br_netfilter applies': {
		does: 'modprobe br_netfilter; sysctl -qw net.bridge.bridge-nf-call-iptables=1; iptables-legacy -A FORWARD -p tcp --dport 25 -j DROP',
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
		undoes: 'xenstore-write /local/domain/$b/name b',
		reason: /policy/,
		renamed: 'other',
	},
};

/** Milliseconds until both have taken back their offers, as they do when their channel has gone. */
async function msUntilGone(dom0: Guest, does: string): Promise<number> {
	const {stdout} = await dom0.run(
		`a=$(xl domid a) b=$(xl domid b)
		offers="/local/domain/$a/data/coloop/offers/$b /local/domain/$b/data/coloop/offers/$a"
		for offer in $offers; do xenstore-exists $offer || { echo "no $offer" >&2; exit 1; }; done
		from=$(date +%s%N)
		{ ${does}
		} >&2
		for offer in $offers; do while xenstore-exists $offer; do busybox usleep 20000; done; done
		echo $((($(date +%s%N) - from) / 1000000))`,
		patient,
	);
	return Number(stdout);
}

const ends =
	(name: string, {does, undoes, reason, renamed = 'b'}: Change): Body =>
	async (t, {lab, dom0}) => {
		await channelUp(lab);
		const ms = await msUntilGone(dom0, does);
		t.log(`${name}: ${ms} ms`);
		t.true(ms <= most, `${name}: ${ms} ms`);
		const why = async () => {
			const {pairs} = await status(dom0);
			return pairs?.find(({a, b}) => a.name === 'a' && b.name === renamed)?.reason ?? '';
		};
		await until(
			'the pair is refused, and why is said',
			async () => reason.test(await why()),
			patient,
		);
		await dom0.run(`b=$(xl domid b)\n${undoes}`);
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
