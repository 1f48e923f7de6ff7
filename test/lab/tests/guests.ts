// SPDX-License-Identifier: MIT
import test from 'ava';
import {channelUp, inTurn, pair, patient, peer, withChannel, type Body} from '../channel.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';
import {addressesOf, pings} from './_pings.ts';
import {bonds, teams} from './_ports.ts';

const slow = {timeout: 600_000};

/** Beneath a bridge, with a container beside the guest: its own packets are diverted. */
const bridge: Body = async (t, {a, b}) => {
	await b.run(
		`ip link add br0 type bridge; ip link set br0 address 00:16:3e:00:00:02
		ip addr flush dev eth0; ip link set eth0 master br0; ip link set br0 up
		${addressesOf(2, 'br0')}
		ip netns add box; ip link add box type veth peer name eth0 netns box
		ip link set box master br0 up; ip -n box link set eth0 up
		ip -n box addr add 10.0.0.52/24 dev eth0`,
	);
	t.true((await pings(t, a, 'b')) >= 10);
	t.true((await pings(t, b, 'a')) >= 10);
	t.true((await pings(t, b, 'a6')) >= 10);
	t.is(await pings(t, a, '10.0.0.52'), 0, 'the container has an address of its own');
	t.is(await pings(t, b, '10.0.0.1', 'ip netns exec box'), 0);
	await b.run(`ip netns del box; ip link del br0; ${addressesOf(2, 'eth0')}`);
	t.true((await pings(t, b, 'a')) >= 10);
};

/** Containers that leave with the guest's own address. */
const containers: Body = async (t, {a}) => {
	await a.run(
		`ip netns add box; ip link add ipvlan0 link eth0 type ipvlan mode l2
		ip link set ipvlan0 netns box; ip -n box link set ipvlan0 up
		ip -n box addr add 10.0.0.61/24 dev ipvlan0`,
	);
	t.true((await pings(t, a, '10.0.0.2', 'ip netns exec box')) >= 10, 'ipvlan');
	await a.run(
		`ip -n box link del ipvlan0; ip link add box type veth peer name inner netns box
		ip addr add 10.9.0.1/24 dev box; ip link set box up; sysctl -q net.ipv4.ip_forward=1
		ip -n box addr add 10.9.0.2/24 dev inner; ip -n box link set inner up
		ip -n box route add default via 10.9.0.1
		nft 'table ip nat { chain out { type nat hook postrouting priority 100; oifname "eth0" masquerade; }; }'`,
	);
	t.true((await pings(t, a, '10.0.0.2', 'ip netns exec box')) >= 10, 'behind NAT');
	await a.run('nft flush ruleset; ip link del box; sysctl -q net.ipv4.ip_forward=0');
	await a.run(
		`ip link add macvlan0 link eth0 type macvlan mode bridge; ip link set macvlan0 netns box
		ip -n box link set macvlan0 up; ip -n box addr add 10.0.0.62/24 dev macvlan0`,
	);
	t.is(await pings(t, a, '10.0.0.2', 'ip netns exec box'), 0, 'macvlan has its own address');
	await a.run('ip netns del box');
};

const vlanAndVrf: Body = async (t, {a, b}) => {
	for (const [number, each] of [a, b].entries()) {
		await each.run(
			`ip link add link eth0 name eth0.10 type vlan id 10; ip link set eth0.10 up
			ip addr add 10.10.0.${number + 1}/24 dev eth0.10`,
		);
	}
	t.is(await pings(t, a, '10.10.0.2'), 0, 'a tag is the bridge’s');
	for (const each of [a, b]) {
		await each.run('ip link del eth0.10');
	}

	await a.run(
		`ip link add vrf1 type vrf table 10; ip link set vrf1 up; ip link set eth0 master vrf1
		${addressesOf(1, 'eth0')}`,
	);
	t.true((await pings(t, a, '10.0.0.2', 'ip vrf exec vrf1')) >= 10, 'in a VRF');
	await a.run(`ip link set eth0 nomaster; ip link del vrf1; ${addressesOf(1, 'eth0')}`);
};

/** While eth0 is in another namespace there is no channel, and afterwards there is. */
const namespace: Body = async (t, {lab, dom0, a}) => {
	await a.run(
		`ip netns add box; ip link set eth0 netns box; ip -n box link set eth0 up
		ip -n box addr add 10.0.0.1/24 dev eth0`,
	);
	await until(
		'dom0 says why',
		async () => (await pair(lab))?.a_declines === 'device netns',
		patient,
	);
	t.regex((await peer(a, 'b'))?.reason ?? '', /^vif 0 .* is in another network namespace/);
	t.regex((await dom0.run('coloop list', slow)).stdout, /a declines: .* network namespace/);
	t.is(await pings(t, a, '10.0.0.2', 'ip netns exec box'), 0);
	await a.run(
		`ip -n box link set eth0 netns 1; ip netns del box; ip link set eth0 up
		${addressesOf(1, 'eth0')}`,
	);
	await channelUp(lab);
	t.true((await pings(t, a, 'b')) >= 10);
};

/** Dom0's bridge floods nothing to b: others reach b for as long as the bridge knows it. */
const known: Body = async (t, {dom0, a}) => {
	await dom0.run(
		`bridge link set dev vif2.0 flood off; ip link set xenbr0 type bridge ageing_time 500
		ip neigh replace 10.0.0.2 lladdr 00:16:3e:00:00:02 dev xenbr0 nud permanent`,
	);
	const {stdout} = await a.run('ping -q -c 60 -i 0.5 b', slow);
	t.regex(stdout, / 0% packet loss/);
	// A channel of dom0's would hide it; dom0's policy has none.
	await pings(t, dom0, '10.0.0.2');
	await dom0.run(
		`bridge link set dev vif2.0 flood on; ip link set xenbr0 type bridge ageing_time 30000
		ip neigh del 10.0.0.2 dev xenbr0`,
	);
};

test(
	'guests that are set up in other ways gain, or lose nothing',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'a bridge that knows who is there': known,
			'a bridge over eth0': bridge,
			containers: containers,
			'VLAN and VRF': vlanAndVrf,
			'another namespace': namespace,
			'a bond over eth0': bonds,
			'a team over eth0': teams,
		}),
	),
);
