// SPDX-License-Identifier: MIT
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import type {Attack, Bout} from './_bout.ts';

/** Frames that are dropped and counted; the channel stays. */
function frame(name: string, does: string, command: string, counter: 'Source' | 'Header'): Attack {
	return {
		...{name, does, rule: 'R9; XenLoop: unauthenticated frames'},
		must: `dropped and counted (dropped-${counter.toLowerCase()}), the channel stays`,
		async body(bout) {
			const {t, a, b} = bout;
			const dropped = async () => (await a.channel(b))[`dropped${counter}`];
			const before = await dropped();
			bout.say(await b.evil(command));
			await until('the frame is dropped', async () => (await dropped()) === before + 1);
			t.is((await a.channel(b)).state, 'live');
		},
	};
}

export const frames: readonly Attack[] = [
	frame('frame-source', 'a frame from the address of guest c', 'source 3', 'Source'),
	frame('frame-dest', 'a frame to the address of guest c', 'dest 3', 'Source'),
	frame('frame-broadcast', 'a frame to everybody', 'dest 255', 'Source'),
	frame('frame-arp', 'ARP, to take an address over', 'type 2054', 'Header'),
	frame('frame-vlan', 'a frame of another VLAN', 'type 33024', 'Header'),
	frame('frame-stp', 'a length in the place of a type', 'type 38', 'Header'),
	{
		name: 'frame-spoofed-ip',
		does: 'a datagram with the IP address of guest c from its own MAC address',
		must: "the victim's own rules see it, and stop it, as they would on eth0",
		rule: 'invariants 4 and 5; XenLoop: bypass of filters',
		body: spoofed,
	},
];

/** Rules on what comes in by eth0, channel or not. */
export async function guard(machine: Guest, rules: readonly string[]): Promise<void> {
	const chain = `type filter hook ingress device eth0 priority 0; ${rules.join('; ')};`;
	await machine.run('nft -f -', {input: `table netdev guard { chain in { ${chain} }; }\n`});
}

async function spoofed({lab, b, t, say}: Bout): Promise<void> {
	await guard(lab.a, ['ether saddr 00:16:3e:00:00:02 ip saddr != 10.0.0.2 counter drop']);
	say(await b.evil('spoof 3'));
	await until('the rule has counted it', async () => {
		const {stdout} = await lab.a.run('nft list table netdev guard', {silent: true});
		return /counter packets 1 /.test(stdout);
	});
	await lab.a.run('nft delete table netdev guard');
	t.pass();
}
