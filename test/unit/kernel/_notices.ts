// SPDX-License-Identifier: MIT
//
// Run in a network namespace of its own: changes it, and prints what the kernel says of each change.
import {execFileSync} from 'node:child_process';
import {setTimeout} from 'node:timers/promises';
import {watchRoute, watchTables} from '../../../userland/kernel/notices.ts';

const controller = new AbortController();
const heard: string[] = [];

async function hear(notices: AsyncIterable<string>): Promise<void> {
	for await (const notice of notices) {
		heard.push(notice);
	}
}

/** What the kernel says of these comes behind all that it said before: nothing is waited for by the clock. */
let markers = 0;
const addMarkers = (number: number) =>
	`bridge fdb add ${markerMac(number)} dev marker master static; nft add table inet marker${number}`;

function markerMac(number: number): string {
	return `02:ff:00:00:00:${number.toString(16).padStart(2, '0')}`;
}

/** By their paths: node_modules/.bin, first in PATH under npm, has an nft of another trade. */
async function after(what: string, script: string): Promise<void> {
	markers += 1;
	run(`${script}; ${addMarkers(markers)}`);
	const last = [`forwarding ${markerMac(markers)}`, `chains inet marker${markers}`];
	for (const deadline = Date.now() + 20_000; !last.every(each => heard.includes(each));) {
		if (Date.now() > deadline) {
			throw new Error(
				`not heard after ${what}: ${last.join(', ')}; heard: ${heard.join(', ')}`,
			);
		}
		await setTimeout(5);
	}
	// Devices have addresses of their own, made up by the kernel.
	const ours = heard.filter(
		notice => !/^forwarding (?!02:(?!ff))/.test(notice) && !/ marker\d+$/.test(notice),
	);
	heard.length = 0;

	console.log(`${what}: ${[...new Set(ours)].join('; ')}`);
}

function run(script: string): void {
	execFileSync('sh', ['-euc', script], {env: {PATH: '/usr/sbin:/usr/bin:/sbin:/bin'}});
}

run(
	'ip link add markers type bridge; ip link add marker type veth peer name other; ip link set marker master markers',
);
void hear(watchRoute(controller.signal));
void hear(watchTables(controller.signal));
await after('at first', 'true');
await after(
	'a bridge',
	'ip link add br0 type bridge; ip link add vif1.0 index 7 type veth peer name g1',
);
await after('a port', 'ip link set vif1.0 master br0');
await after('an entry', 'bridge fdb add 02:00:00:00:00:09 dev vif1.0 master static');
await after('a neighbour of IP', 'ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:07 dev vif1.0');
await after('a queue', 'tc qdisc add dev vif1.0 clsact');
await after(
	'a filter',
	'tc filter add dev vif1.0 ingress protocol ip u32 match u32 0 0 flowid 1:1',
);
await after('a table', 'nft add table inet t');
await after('a chain', 'nft add chain inet t c');
await after('a rule', 'nft add rule inet t c counter');
await after('a set', "nft 'add set inet t s { type ipv4_addr; }'");
await after('an element', "nft 'add element inet t s { 10.0.0.1 }'");
controller.abort();
