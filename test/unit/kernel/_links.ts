// SPDX-License-Identifier: MIT
//
// Run in a network namespace of its own, which has nothing but the loopback interface.
import {execFileSync} from 'node:child_process';
import {interfaces, watchLinks} from '../../../userland/kernel/links.ts';

const controller = new AbortController();
const hints = watchLinks(controller.signal)[Symbol.asyncIterator]();

console.log(`loopback has no Ethernet address: ${(await interfaces()).length} interfaces`);
console.log(`first hint: ${(await hints.next()).value}`);

ip('link add xenbr7 address 02:00:00:00:00:01 type bridge');
ip('link add vif7.0 address 02:00:00:00:00:02 mtu 1400 master xenbr7 type veth peer name peer7');
console.log(`after a bridge with one port: ${(await hints.next()).value}`);
controller.abort();

const all = await interfaces();
for (const {name, mac, mtu, master} of all.filter(each => each.name !== 'peer7')) {
	const bridge = all.find(each => each.ifindex === master)?.name ?? 'none';
	console.log(`${name} ${mac} MTU ${mtu} of ${bridge}`);
}

function ip(command: string): void {
	execFileSync('ip', command.split(' '));
}
