// SPDX-License-Identifier: MIT
//
// Run as a program in network and mount namespaces of its own, with the path of `attach`: a bridge with two guests, one
// obstacle after the other. What the answers say of frames is held against real ones.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {setTimeout} from 'node:timers/promises';
import {readFirewall} from '../../../userland/firewall/read.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import {host, vifA, vifB} from './_fixtures.ts';

const sh = (script: string) => execFileSync('sh', ['-euc', script], {stdio: 'pipe'}).toString();
const guests = async () =>
	refusalBetween(vifA, vifB, await readFirewall(['vif3.0', 'vif4.0']))?.text;
const dom0 = async () => refusalBetween(vifA, host, await readFirewall(['vif3.0', 'xenbr0']))?.text;

/** Whether a frame that guest 3 sends comes to guest 4: with its neighbour known, and no answer needed. */
function isDelivered(): boolean {
	const received = () => Number(readFileSync('/sys/class/net/g4/statistics/rx_packets', 'utf8'));
	const before = received();

	sh(`ip netns exec three bash -c 'for i in 1 2 3; do echo > /dev/udp/10.0.0.4/4242; done'`);

	return received() - before >= 3;
}

async function both(expected: string | RegExp | undefined): Promise<void> {
	const text = await guests();

	if (expected instanceof RegExp) {
		assert.match(text ?? '', expected);
	} else {
		assert.equal(text, expected);
	}
	assert.equal(isDelivered(), expected === undefined, `frames are not as told: ${text}`);
}

async function withProgram(args: readonly string[], work: () => Promise<void>): Promise<void> {
	const child = spawn(process.argv[2] ?? '', args, {stdio: ['pipe', 'pipe', 'inherit']});

	await once(child.stdout, 'data');
	await work();
	child.stdin.end();
	await once(child, 'exit');
}

/* IPv6 sends of its own accord as long as devices are new (MLD, router solicitations), and what comes is counted. */
const noIp6 = ['all', 'default']
	.map(which => `echo 1 > /proc/sys/net/ipv6/conf/${which}/disable_ipv6`)
	.join('; ');

sh(`
	mount -t tmpfs none /run; mount -t sysfs none /sys
	${noIp6}
	ip link add xenbr0 address ${host.mac} type bridge
	ip link set xenbr0 up
	ip netns add three
	ip netns exec three sh -c '${noIp6}'
	for i in 3 4; do
		ip link add "vif$i.0" type veth peer name "g$i" address 00:16:3e:00:00:0$i
		ip link set "vif$i.0" master xenbr0 up
	done
	for name in iptables ip6tables; do
		if [ -e /proc/sys/net/bridge/bridge-nf-call-$name ]; then echo 0 > /proc/sys/net/bridge/bridge-nf-call-$name; fi
	done
`);
assert.equal(await guests(), 'vif3.0 is not forwarding on xenbr0, it is disabled');

// The bridge hears of the carrier a little later.
sh(`
	ip link set g3 netns three
	ip -n three link set g3 up; ip link set g4 up; ip -n three addr add 10.0.0.3/24 dev g3
	ip -n three neigh add 10.0.0.4 lladdr ${vifB.mac} nud permanent dev g3
`);
for (
	const deadline = Date.now() + 10_000;
	(await guests()) !== undefined && Date.now() < deadline;
) {
	await setTimeout(20);
}
await both(undefined);
assert.equal(await dom0(), undefined);

sh('bridge link set dev vif3.0 isolated on; bridge link set dev vif4.0 isolated on');
await both('vif3.0 and vif4.0 are isolated ports of xenbr0');
assert.equal(await dom0(), undefined);
sh('bridge link set dev vif3.0 isolated off');
await both(undefined);

// The forwarding table.
const elsewhere = (place: string, how: string) =>
	`xenbr0 sends frames for ${vifB.mac} to ${place}, not to vif4.0: \`bridge fdb show br xenbr0\` has a ${how} entry`;
sh(`bridge fdb replace ${vifB.mac} dev vif3.0 master static`);
await both(elsewhere('vif3.0', 'static'));
sh(`bridge fdb replace ${vifB.mac} dev xenbr0 self local permanent`);
await both(elsewhere('dom0 itself, by a local entry on xenbr0', 'permanent'));
sh(
	`bridge fdb del ${vifB.mac} dev xenbr0 self; bridge fdb replace ${vifB.mac} dev vif4.0 master permanent`,
);
await both(elsewhere('dom0 itself, by a local entry on vif4.0', 'permanent'));
sh(
	`bridge fdb del ${vifB.mac} dev vif4.0 master; bridge link set dev vif4.0 learning off flood off`,
);
await both(/^vif4\.0 takes no unknown unicast/);
sh(`bridge fdb replace ${vifB.mac} dev vif4.0 master static`);
await both(undefined);
sh(`bridge fdb del ${vifB.mac} dev vif4.0 master; bridge link set dev vif4.0 flood on`);
await both(undefined);
sh('echo 1 > /sys/class/net/vif4.0/brport/proxyarp');
await both(/^vif4\.0 takes no unknown unicast/);
sh(`echo 0 > /sys/class/net/vif4.0/brport/proxyarp; bridge link set dev vif3.0 locked on`);
sh(`bridge fdb del ${vifA.mac} dev vif3.0 master`);
await both(/^vif3\.0 is a locked port of xenbr0/);
sh(`bridge fdb replace ${vifA.mac} dev vif3.0 master static`);
await both(undefined);
sh(`bridge link set dev vif3.0 locked off; bridge fdb del ${vifA.mac} dev vif3.0 master`);

// Rules.
sh(
	`nft 'table bridge filter { chain forward { type filter hook forward priority 0; udp dport 4242 counter drop; }; }'`,
);
await both(
	'a rule of dom0 would be bypassed: table bridge filter, chain forward, handle 2: udp dport 4242 counter drop',
);
assert.equal(await dom0(), undefined);
sh('nft flush ruleset');
await both(undefined);

sh(
	`nft 'table netdev f { chain c { type filter hook ingress device vif3.0 priority 0; udp dport 4242 drop; }; }'`,
);
await both(/table netdev f, chain c, handle 2: udp dport 4242 drop$/);
assert.match((await dom0()) ?? '', /table netdev f, chain c, handle 2: udp dport 4242 drop$/);
sh('nft flush ruleset');

// Traffic control and BPF.
sh('tc qdisc add dev vif3.0 clsact');
await both(undefined);
sh('tc filter add dev vif3.0 ingress protocol ip u32 match u32 0 0 flowid 1:1');
assert.equal(await guests(), 'vif3.0 has a tc ingress filter (u32), which would be bypassed');
sh('tc qdisc del dev vif3.0 clsact');
await withProgram(['tcx', 'vif3.0'], () =>
	both(/^vif3\.0 has a tcx ingress program \(id \d+, name drop_all\), which would be bypassed$/),
);
await withProgram(['xdp', 'vif3.0'], () =>
	both('vif3.0 has an XDP program, which would be bypassed'),
);
if (existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables')) {
	await withProgram(['netfilter', '2', '2'], async () => {
		await both(undefined);
		sh('echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables');
		await both(
			/^netfilter calls BPF program \d+ \(drop_all\) at ip forward, which would be bypassed$/,
		);
	});
	sh('echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables');
}
await both(undefined);
sh('ip link set vif4.0 nomaster');
await both('vif4.0 is not a port of xenbr0');
