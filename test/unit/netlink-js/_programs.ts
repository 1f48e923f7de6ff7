// SPDX-License-Identifier: MIT
//
// Run in a network namespace of its own, with the path of `attach` (test/unit/firewall/attach.c).
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {attachedPrograms, linkedPrograms} from '../../../userland/netlink-js/index.ts';

const tcxIngress = 46;
const netfilterLink = 10;
const loopback = 1;
const names = () => attachedPrograms(loopback, tcxIngress).map(({name}) => name);

async function attached(args: string[], look: () => unknown): Promise<void> {
	const child = spawn(process.argv[2] ?? '', args, {stdio: ['pipe', 'pipe', 'inherit']});

	await once(child.stdout, 'data');
	console.log(`${args.join(' ')}: ${JSON.stringify(look())}`);
	child.stdin.end();
	await once(child, 'exit');
}

console.log(`nothing: ${JSON.stringify(names())}`);
await attached(['tcx', 'lo'], names);
await attached(['netfilter', '2', '2'], () =>
	linkedPrograms(netfilterLink).map(({name, target, hook}) => [name, target, hook]),
);
console.log(`nothing: ${JSON.stringify(names())}`);
