// SPDX-License-Identifier: MIT
import test from 'ava';
import {changeToOvs, killSwitch, startSwitch} from './harness/openvswitch.ts';
import {sharedDom0} from './harness/with-dom0.ts';

const guests = ['web', 'db', 'mail'];
const onLinux = sharedDom0(test, {guests, dom0Speaks: true});
let isChanged: Promise<void> | undefined;

/** The first case finds a Linux bridge, the others Open vSwitch in its place. */
const onOvs: typeof onLinux = body =>
	onLinux(async (dom0, t) => {
		isChanged ??= changeToOvs(dom0, guests);
		await isChanged;
		await dom0.announced('web', 'db');
		await body(dom0, t);
	});

/** Numbers that Open vSwitch gave: vif3.0 of web is 1, vif4.0 of db 2, vif5.0 of mail 3. */
const [web, db] = ['00:16:3e:00:00:03', '00:16:3e:00:00:04'];
const sct = 'ovs-vsctl --timeout=10';
const flows = (...lines: readonly string[]) => ({
	change: `ovs-ofctl -O OpenFlow13 add-flows xenbr0 - <<-END\n${lines.join('\n')}\nEND`,
	undo: 'ovs-ofctl -O OpenFlow13 del-flows xenbr0; ovs-ofctl add-flow xenbr0 priority=0,actions=normal',
});
const setting = (what: string, undo: string) => ({
	change: `${sct} ${what}`,
	undo: `${sct} ${undo}`,
});
const setPort = (what: string, column: string, port = 'vif4.0') =>
	setting(`set port ${port} ${what}`, `clear port ${port} ${column}`);

type Case = {
	readonly change: string;
	readonly undo: string;
	/** What dom0 says of web and db; undefined where they stay announced. */
	readonly says?: RegExp;
	/** What is lost of TCP to port 25 and to port 26, or nothing at all. */
	readonly loses?: 'all' | 'some';
};

const cases: Readonly<Record<string, Case>> = {
	'a flow that drops one port': {
		...flows('priority=5,tcp,tp_dst=25,actions=drop'),
		says: /a flow of xenbr0 would be bypassed: priority=5,tcp,tp_dst=25 actions=drop$/,
		loses: 'some',
	},
	'a flow that drops what db sends, by its port': {
		...flows('priority=5,in_port=2,ip,actions=drop'),
		says: /priority=5,ip,in_port=2 actions=drop$/,
		loses: 'all',
	},
	'a flow that drops what is for db': {
		...flows(`dl_dst=${db},actions=drop`),
		says: /priority=32768,dl_dst=00:16:3e:00:00:04 actions=drop$/,
		loses: 'all',
	},
	'a flow that drops by a mask of addresses': {
		...flows('priority=5,dl_dst=00:16:3e:00:00:00/ff:ff:ff:ff:ff:00,ip,actions=drop'),
		says: /actions=drop$/,
		loses: 'all',
	},
	'a flow for others': {
		...flows(
			'priority=9,in_port=3,actions=drop',
			'priority=9,dl_src=00:16:3e:00:00:77,actions=drop',
			'priority=9,arp,arp_spa=10.9.9.9,actions=drop',
			'priority=9,dl_vlan=7,actions=drop',
			'priority=9,vlan_tci=0x1000/0x1000,actions=drop',
			'priority=9,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,ip6,actions=drop',
		),
	},
	'a flow that a more important one precedes': {
		...flows(
			'priority=9,ip,actions=normal',
			'priority=9,ipv6,actions=normal',
			'priority=5,actions=drop',
		),
	},
	'flows that lock addresses of Ethernet alone': {
		...flows(
			`priority=9,in_port=1,dl_src=${web},actions=normal`,
			`priority=9,in_port=2,dl_src=${db},actions=normal`,
			'priority=8,in_port=1,actions=drop',
			'priority=8,in_port=2,actions=drop',
		),
	},
	'flows that lock the IP address of web, as XAPI does': {
		...flows(
			`in_port=1,priority=7000,dl_type=0x0806,dl_src=${web},arp_sha=${web},nw_src=10.0.0.3,action=normal`,
			`in_port=1,priority=6000,dl_type=0x0800,nw_src=10.0.0.3,dl_src=${web},action=normal`,
			'in_port=1,priority=4000,action=drop',
		),
		says: /priority=4000,in_port=1 actions=drop$/,
	},
	'no flow for IPv6': {
		change: 'ovs-ofctl del-flows xenbr0; ovs-ofctl add-flow xenbr0 ip,actions=normal; ovs-ofctl add-flow xenbr0 arp,actions=normal',
		undo: flows().undo,
		says: /xenbr0 has no flow for all that vif3\.0 sends to vif4\.0$/,
	},
	'no flow at all, as with a secure fail-mode': {
		change: 'ovs-ofctl del-flows xenbr0',
		undo: flows().undo,
		says: /xenbr0 has no flow for all that/,
		loses: 'all',
	},
	'a flow that sends to the port itself': {
		...flows(`priority=5,dl_dst=${db},actions=output:2`),
		says: /actions=output:2$/,
	},
	'a flow that sends a copy elsewhere': {
		...flows('priority=5,ip,actions=normal,output:3'),
		says: /actions=NORMAL,output:3$/,
	},
	'a meter': {
		change: `ovs-ofctl -O OpenFlow13 add-meter xenbr0 meter=1,kbps,band=type=drop,rate=100000
			ovs-ofctl -O OpenFlow13 add-flow xenbr0 priority=5,ip,actions=meter:1,normal`,
		undo: `${flows().undo}; ovs-ofctl -O OpenFlow13 del-meters xenbr0`,
		says: /priority=5,ip actions=meter:1,NORMAL$/,
	},
	'another table': {
		...flows(
			'priority=5,ip,actions=resubmit(,3)',
			'table=3,tcp,tp_dst=25,actions=drop',
			'table=3,priority=1,actions=normal',
		),
		says: /actions=resubmit\(,3\)$/,
		loses: 'some',
	},
	'connection tracking': {
		...flows('priority=5,ip,actions=ct(table=1)', 'table=1,actions=normal'),
		says: /actions=ct\(table=1\)$/,
	},
	'states of connections': {
		...flows(
			'priority=9,tcp,ct_state=-trk,actions=ct(table=0)',
			'priority=8,tcp,ct_state=+trk+new,tp_dst=25,actions=drop',
		),
		says: /actions=(ct\(table=0\)|drop)$/,
	},
	'a flow that drops below all that forward': flows(
		'priority=7,actions=normal',
		'priority=5,tcp,tp_dst=25,actions=drop',
		'priority=0,actions=drop',
	),
	'a flow of a table that nobody is sent to': flows('table=7,priority=9,actions=drop'),
	'a flow for what dom0 sends': flows(`priority=9,in_port=LOCAL,dl_dst=${db},actions=drop`),
	'a flow for what is not IP': flows(
		'priority=9,arp,arp_op=7,actions=drop',
		'priority=9,dl_type=0x88cc,actions=drop',
		'priority=9,mpls,actions=drop',
	),
	'a flow for another sender behind the port': flows(
		'priority=9,in_port=1,dl_src=02:00:00:00:00:00/02:00:00:00:00:00,actions=drop',
	),
	'a flow that drops fragments': {
		...flows('priority=9,ip,ip_frag=later,actions=drop'),
		says: /(nw|ip)_frag=later actions=drop$/,
	},
	'a flow by a register': {
		...flows('priority=9,reg0=0,tcp,tp_dst=25,actions=drop'),
		says: /actions=drop$/,
		loses: 'some',
	},
	...Object.fromEntries(
		[
			'dec_ttl,normal',
			'mod_nw_tos:184,normal',
			'set_queue:1,normal',
			'controller,normal',
			'learn(table=9,priority=1,NXM_OF_ETH_SRC[]),normal',
			'load:7->NXM_NX_REG0[],normal',
			'flood',
			'in_port',
		].map(actions => [
			`a flow that does more than forward (${actions})`,
			{...flows(`priority=9,tcp,tp_dst=25,actions=${actions}`), says: /actions=\S+$/},
		]),
	),
	'a flow that gives frames a tag': {
		...flows(
			'priority=9,tcp,tp_dst=25,actions=push_vlan:0x8100,set_field:4103->vlan_vid,normal',
		),
		says: /actions=push_vlan:0x8100/,
	},
	'a flow that sends to another address': {
		...flows('priority=9,tcp,tp_dst=25,actions=mod_dl_dst:02:00:00:00:00:99,normal'),
		says: /actions=.*02:00:00:00:00:99/,
		loses: 'some',
	},
	'a group': {
		change: `ovs-ofctl -O OpenFlow13 add-group xenbr0 group_id=1,type=all,bucket=output:2
			ovs-ofctl -O OpenFlow13 add-flow xenbr0 priority=5,dl_dst=${db},actions=group:1`,
		undo: `${flows().undo}; ovs-ofctl -O OpenFlow13 del-groups xenbr0`,
		says: /actions=group:1$/,
	},
	'another VLAN': {
		...setPort('tag=10', 'tag'),
		says: /does not carry frames without a tag between vif3\.0 \(trunk, VLAN 0\) and vif4\.0 \(access, VLAN 10\)$/,
		loses: 'all',
	},
	'the same VLAN for both': {
		change: `${sct} set port vif3.0 tag=10 -- set port vif4.0 tag=10`,
		undo: `${sct} clear port vif3.0 tag -- clear port vif4.0 tag`,
	},
	'a native VLAN and an access port': {
		change: `${sct} set port vif3.0 tag=10 vlan_mode=native-untagged -- set port vif4.0 tag=10`,
		undo: `${sct} clear port vif3.0 tag vlan_mode -- clear port vif4.0 tag`,
	},
	'a native VLAN that leaves with its tag': {
		change: `${sct} set port vif3.0 tag=10 vlan_mode=native-tagged -- set port vif4.0 tag=10`,
		undo: `${sct} clear port vif3.0 tag vlan_mode -- clear port vif4.0 tag`,
		says: /vif3\.0 \(native-tagged, VLAN 10\)/,
		loses: 'all',
	},
	'a trunk without untagged frames': {
		...setPort('trunks=10,20', 'trunks'),
		says: /vif4\.0 \(trunk, VLAN none\)$/,
		loses: 'all',
	},
	'a trunk with them': setPort('trunks=0,10', 'trunks'),
	'both in tunnels of one VLAN': {
		change: `${sct} set port vif3.0 tag=10 vlan_mode=dot1q-tunnel -- set port vif4.0 tag=10`,
		undo: `${sct} clear port vif3.0 tag vlan_mode -- clear port vif4.0 tag`,
	},
	'protected ports': {
		change: `${sct} set port vif3.0 protected=true -- set port vif4.0 protected=true`,
		undo: `${sct} set port vif3.0 protected=false -- set port vif4.0 protected=false`,
		says: /^vif3\.0 and vif4\.0 are protected ports of xenbr0$/,
		loses: 'all',
	},
	'one protected port': setting(
		'set port vif3.0 protected=true',
		'set port vif3.0 protected=false',
	),
	'what web sends is policed': {
		...setting(
			'set interface vif3.0 ingress_policing_rate=1',
			'set interface vif3.0 ingress_policing_rate=0',
		),
		says: /vif3\.0 has (an ingress policing rate|a tc ingress filter)/,
	},
	'packets of web are counted off': {
		...setting(
			'set interface vif3.0 ingress_policing_kpkts_rate=1',
			'set interface vif3.0 ingress_policing_kpkts_rate=0',
		),
		says: /vif3\.0 has (an ingress policing rate|a tc ingress filter)/,
	},
	'a QoS': {
		change: `${sct} set port vif4.0 qos=@q -- --id=@q create qos type=linux-htb other-config:max-rate=1000000`,
		undo: `${sct} clear port vif4.0 qos -- --all destroy qos`,
		/* The discipline that it makes is seen as soon. */
		says: /vif4\.0 has a (QoS \(linux-htb\)|tc qdisc \(htb\))/,
	},
	'a mirror of all': {
		change: `${sct} -- --id=@p get port vif5.0 -- --id=@m create mirror name=ids select-all=true output-port=@p -- set bridge xenbr0 mirrors=@m`,
		undo: `${sct} clear bridge xenbr0 mirrors`,
		says: /^mirror ids of xenbr0 takes what passes here/,
	},
	'a mirror of what leaves for db': {
		change: `${sct} -- --id=@p get port vif5.0 -- --id=@d get port vif4.0 -- --id=@m create mirror name=ids select-dst-port=@d output-port=@p -- set bridge xenbr0 mirrors=@m`,
		undo: `${sct} clear bridge xenbr0 mirrors`,
		says: /^mirror ids/,
	},
	'a mirror of others': {
		change: `${sct} -- --id=@p get port vif5.0 -- --id=@d get port xenbr0 -- --id=@m create mirror name=ids select-src-port=@d output-port=@p -- set bridge xenbr0 mirrors=@m`,
		undo: `${sct} clear bridge xenbr0 mirrors`,
	},
	'a port that is kept for a mirror': {
		change: `${sct} -- --id=@p get port vif4.0 -- --id=@d get port xenbr0 -- --id=@m create mirror name=ids select-src-port=@d output-port=@p -- set bridge xenbr0 mirrors=@m`,
		undo: `${sct} clear bridge xenbr0 mirrors`,
		says: /^mirror ids/,
	},
	NetFlow: {
		change: `${sct} set bridge xenbr0 netflow=@n -- --id=@n create netflow targets='"127.0.0.1:5566"'`,
		undo: `${sct} clear bridge xenbr0 netflow`,
		says: /^xenbr0 reports what passes \(NetFlow\)/,
	},
	sFlow: {
		change: `${sct} set bridge xenbr0 sflow=@n -- --id=@n create sflow agent=lo targets='"127.0.0.1:6343"' sampling=64`,
		undo: `${sct} clear bridge xenbr0 sflow`,
		says: /\(sFlow\)/,
	},
	IPFIX: {
		change: `${sct} set bridge xenbr0 ipfix=@n -- --id=@n create ipfix targets='"127.0.0.1:4739"' sampling=64`,
		undo: `${sct} clear bridge xenbr0 ipfix`,
		says: /\(IPFIX\)/,
	},
	'a VLAN that is flooded': {
		...setting('set bridge xenbr0 flood_vlans=0,7', 'clear bridge xenbr0 flood_vlans'),
		says: /xenbr0 floods VLAN 0/,
	},
	'another VLAN that is': setting(
		'set bridge xenbr0 flood_vlans=7',
		'clear bridge xenbr0 flood_vlans',
	),
	'a port that may not forward': {
		change: 'ovs-ofctl mod-port xenbr0 vif4.0 no-forward',
		undo: 'ovs-ofctl mod-port xenbr0 vif4.0 forward',
		says: /OpenFlow has set no-forward for vif4\.0$/,
		loses: 'all',
	},
	'a port that may not receive': {
		change: 'ovs-ofctl mod-port xenbr0 vif4.0 no-receive',
		undo: 'ovs-ofctl mod-port xenbr0 vif4.0 receive',
		says: /OpenFlow has set no-receive for vif4\.0$/,
		loses: 'all',
	},
	'a port that is not flooded': {
		change: 'ovs-ofctl mod-port xenbr0 vif4.0 no-flood',
		undo: 'ovs-ofctl mod-port xenbr0 vif4.0 flood',
		says: /OpenFlow has set no-flood for vif4\.0$/,
	},
	'a port that is down': {
		change: 'ip link set vif4.0 down',
		undo: 'ip link set vif4.0 up',
		says: /^vif4\.0 is down$/,
		loses: 'all',
	},
	'fragments that are dropped': {
		change: 'ovs-ofctl set-frags xenbr0 drop',
		undo: 'ovs-ofctl set-frags xenbr0 normal',
		says: /xenbr0 does not forward all IP fragments \(set-frags drop\)$/,
	},
	"db's address bound to another port": {
		change: `ovs-appctl fdb/add xenbr0 vif5.0 0 ${db}`,
		undo: `ovs-appctl fdb/del xenbr0 0 ${db}`,
		says: /xenbr0 has 00:16:3e:00:00:04 of vif4\.0 bound to another port \(3\)$/,
		loses: 'all',
	},
	"db's address bound to its own port": {
		change: `ovs-appctl fdb/add xenbr0 vif4.0 0 ${db}`,
		undo: `ovs-appctl fdb/del xenbr0 0 ${db}`,
	},
	'a spanning tree that still learns': {
		...setting('set bridge xenbr0 stp_enable=true', 'set bridge xenbr0 stp_enable=false'),
		says: /is not forwarding in the spanning tree, it is (not in it yet|listening|learning)$/,
		loses: 'all',
	},
	"a rule of the kernel's own bridge": {
		change: `nft 'table bridge f { chain c { type filter hook forward priority 0; policy drop; }; }'`,
		undo: 'nft flush ruleset',
	},
	'a rule of a device': {
		change: `nft 'table netdev f { chain c { type filter hook egress device vif4.0 priority 0; tcp dport 25 drop; }; }'`,
		undo: 'nft flush ruleset',
		says: /table netdev f, chain c, .*tcp dport 25 drop/,
		loses: 'some',
	},
	'a port that leaves the bridge': {
		change: `${sct} del-port vif4.0`,
		undo: `${sct} add-port xenbr0 vif4.0; ovs-ofctl add-flow xenbr0 priority=0,actions=normal`,
		says: /they meet on no bridge of dom0/,
		loses: 'all',
	},
};

test(
	'a drop ends a channel, and its end lets it come back',
	onOvs(async (dom0, t) => {
		await dom0.sh('ovs-ofctl add-flow xenbr0 priority=5,tcp,tp_dst=25,actions=drop', {
			undo: 'ovs-ofctl --strict del-flows xenbr0 priority=5,tcp,tp_dst=25',
		});
		t.log('withdrawn in', await dom0.withdrawn('web', 'db', {within: 1000}));
		await dom0.sh('ovs-ofctl --strict del-flows xenbr0 priority=5,tcp,tp_dst=25');
		/* Whose life was short waits before its next. */
		t.log('announced in', await dom0.announced('web', 'db', {within: 20_000}));
	}),
);

test(
	'guests on one bridge are announced, with dom0, and real packets pass',
	onOvs(async (dom0, t) => {
		await dom0.announced('web', 'dom0');
		t.true(await dom0.passes('web', 'db'));
		t.true(await dom0.passes('db', 'web', {protocol: 'udp', ip: 6}));
		t.true(await dom0.passes('web', 'dom0'));
	}),
);

for (const [name, {change, undo, says, loses}] of Object.entries(cases)) {
	test(
		`${name}: ${says === undefined ? 'stays announced' : 'withdrawn'}`,
		onOvs(async (dom0, t) => {
			await dom0.sh(change, {undo});
			if (says === undefined) {
				t.true(await dom0.keeps('web', 'db', 1200));
				t.true(await dom0.passes('web', 'db', {port: 25}));
				t.true(await dom0.passes('db', 'web', {port: 25, ip: 6}));

				return;
			}
			t.log('withdrawn in', await dom0.withdrawn('web', 'db', {within: 2000}));
			const why = async () => (await dom0.pair('web', 'db'))?.reason ?? '';
			await dom0.until(`${says} is said`, async () => says.test(await why()), {within: 2000});
			/* The switch goes on with what it has cached for some tenths of a second. */
			if (loses !== undefined) {
				await dom0.until('packets are lost', () => dom0.loses('web', 'db', {port: 25}));
			}
			if (loses !== 'all') {
				t.true(await dom0.passes('web', 'db', {port: 26}));
			}
		}),
	);
}

test(
	'a switch that is restarted leaves what is announced alone',
	onOvs(async (dom0, t) => {
		await killSwitch(dom0);
		t.true(await dom0.keeps('web', 'db', 1500));
		await startSwitch(dom0);
		t.true(await dom0.keeps('web', 'db', 1500));
		t.true(await dom0.passes('web', 'db'));
	}),
);

test(
	'a switch that stays away for ten seconds ends it, until it is back',
	onOvs(async (dom0, t) => {
		const from = performance.now();
		await killSwitch(dom0);
		await dom0.withdrawn('web', 'db', {within: 15_000});
		t.true(performance.now() - from > 9000);
		t.regex(
			(await dom0.pair('web', 'db'))?.reason ?? '',
			/^xenbr0 of Open vSwitch cannot be read/,
		);
		await startSwitch(dom0);
		t.log('announced in', await dom0.announced('web', 'db', {within: 20_000}));
	}),
);
