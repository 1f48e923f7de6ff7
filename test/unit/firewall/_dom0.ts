// SPDX-License-Identifier: MIT
//
// Run as a program in network and mount namespaces of its own: a bridge with two guests, one obstacle after the other.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {setTimeout} from 'node:timers/promises';
import {readFirewall} from '../../../userland/firewall/read.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import {host, vifA, vifB} from './_fixtures.ts';

const sh = (script: string) => execFileSync('sh', ['-euc', script], {stdio: 'pipe'});
const guests = async () =>
	refusalBetween(vifA, vifB, await readFirewall(['vif3.0', 'vif4.0']))?.text;
const dom0 = async () => refusalBetween(vifA, host, await readFirewall(['vif3.0', 'xenbr0']))?.text;

sh(`
	ip link add xenbr0 type bridge
	ip link set xenbr0 up
	for i in 3 4; do
		ip link add "vif$i.0" type veth peer name "g$i"
		ip link set "vif$i.0" master xenbr0 up
	done
	for name in iptables ip6tables; do
		if [ -e /proc/sys/net/bridge/bridge-nf-call-$name ]; then echo 0 > /proc/sys/net/bridge/bridge-nf-call-$name; fi
	done
`);
assert.equal(await guests(), 'vif3.0 is not forwarding on xenbr0, it is disabled');

// The bridge hears of the carrier a little later.
sh('ip link set g3 up; ip link set g4 up');
for (const deadline = Date.now() + 10_000; (await guests()) !== undefined && Date.now() < deadline;)
	await setTimeout(20);
assert.equal(await guests(), undefined);
assert.equal(await dom0(), undefined);

sh('bridge link set dev vif3.0 isolated on; bridge link set dev vif4.0 isolated on');
assert.equal(await guests(), 'vif3.0 and vif4.0 are isolated ports of xenbr0');
assert.equal(await dom0(), undefined);
sh('bridge link set dev vif3.0 isolated off');

sh(
	`nft 'table bridge filter { chain forward { type filter hook forward priority 0; tcp dport 25 counter drop; }; }'`,
);
assert.equal(
	await guests(),
	'a rule of dom0 would be bypassed: table bridge filter, chain forward, handle 2: tcp dport 25 counter drop',
);
assert.equal(await dom0(), undefined);
sh('nft flush ruleset');
assert.equal(await guests(), undefined);

sh(
	`nft 'table netdev f { chain c { type filter hook ingress device vif3.0 priority 0; udp dport 53 drop; }; }'`,
);
assert.match((await dom0()) ?? '', /table netdev f, chain c, handle 2: udp dport 53 drop$/);
sh('nft flush ruleset');

sh('tc qdisc add dev vif4.0 clsact');
assert.equal(await guests(), undefined);
sh('tc qdisc del dev vif4.0 clsact; ip link set vif4.0 nomaster');
assert.equal(await guests(), 'vif4.0 is not a port of xenbr0');
