// SPDX-License-Identifier: MIT
//
// Run as a program in network and mount namespaces of its own: a bridge with two guests, bridged packets that pass dom0's
// IP chains, and rules by iptables-nft and ebtables-nft, whose options nft does not list. Prints what each case gets.
import {execFileSync} from 'node:child_process';
import {argv} from 'node:process';
import {setTimeout} from 'node:timers/promises';
import {readFirewall} from '../../../userland/firewall/read.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import {host, vifA, vifB} from './_fixtures.ts';

const sh = (script: string) => execFileSync('sh', ['-euc', script], {stdio: 'pipe'});
const [, , cases = '[]'] = argv;

sh(`
	mount -t tmpfs tmpfs /run
	ip link add xenbr0 type bridge
	ip link set xenbr0 up
	for i in 3 4; do
		ip link add "vif$i.0" type veth peer name "g$i"
		ip link set "vif$i.0" master xenbr0 up
		ip link set "g$i" up
	done
	for name in iptables ip6tables; do echo 1 > /proc/sys/net/bridge/bridge-nf-call-$name; done
`);

/** Of two guests, and of one and dom0. */
async function refusals(): Promise<(string | null)[]> {
	const state = await readFirewall(['vif3.0', 'vif4.0', 'xenbr0']);

	return [vifB, host].map(other => refusalBetween(vifA, other, state)?.text ?? null);
}

// The bridge hears of the carriers a little later.
for (const deadline = Date.now() + 10_000; (await refusals())[0] !== null;) {
	if (Date.now() > deadline) {
		throw new Error(`no bridge: ${String(await refusals())}`);
	}
	await setTimeout(20);
}
const results: unknown[] = [];
for (const script of JSON.parse(cases) as string[]) {
	sh(
		`iptables() { iptables-nft "$@"; ip6tables-nft "$@"; }; ebtables() { ebtables-nft "$@"; }; ${script}`,
	);
	results.push(await refusals());
	sh('nft flush ruleset');
}
console.log(JSON.stringify(results));
