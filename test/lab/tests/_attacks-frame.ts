// SPDX-License-Identifier: MIT
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {smallest, taken, type Attack, type Bout} from './_bout.ts';

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
		name: 'flood-source',
		does: 'frames from the address of guest c, without end',
		must: 'dropped and counted; broken: bad-frame, when it is more than a ring of small packets',
		rule: 'R9 R11',
		body: flooded('source'),
	},
	{
		name: 'flood-down',
		does: 'good packets without end, while the interface of the victim is down',
		must: 'dropped and counted, the channel stays: that is no lie',
		rule: 'R9',
		body: floodedDown,
	},
	{
		name: 'flood-unplug',
		does: 'good packets without end, while the interface of the victim goes away',
		must: 'closed: device, and not broken: what was on its way is no lie',
		rule: 'R9 R12',
		body: floodedUnplug,
	},
	{
		name: 'frame-spoofed-ip',
		does: 'a datagram with the IP address of guest c from its own MAC address',
		must: "the victim's own rules see it, and stop it, as they would on eth0",
		rule: 'invariants 4 and 5; XenLoop: bypass of filters',
		body: spoofed,
	},
];

/** So many wrong frames are forgiven (COLOOP_BAD_FRAME_BYTES). */
export function forgiven(order: number): number {
	return (4096 << order) / 64;
}

function flooded(kind: string): (bout: Bout) => Promise<void> {
	return async ({t, a, b, say}) => {
		say(await b.evil(`flip ${kind}`));
		const {reason, droppedSource} = await a.reaches(b, 'broken');
		say(`${await b.evil('calm')}, ${droppedSource} dropped`);
		t.is(reason, 'bad-frame');
		t.true(droppedSource > forgiven(smallest));
		// A poll goes on to its end.
		t.true(droppedSource <= forgiven(smallest) + 64);
	};
}

async function floodedDown({t, lab, a, b, say}: Bout): Promise<void> {
	await lab.a.run('ip link set eth0 down');
	say(await b.evil('flip answers'));
	await until(
		'more is dropped than would be forgiven',
		async () => (await a.channel(b)).droppedDevice > 4 * forgiven(smallest),
	);
	say(await b.evil('calm'));
	t.is((await a.channel(b)).state, 'live');
	await lab.a.run('ip link set eth0 up');
}

/** To another namespace is away; what comes back has lost its addresses. */
async function floodedUnplug(bout: Bout): Promise<void> {
	const {t, lab, a, b, say} = bout;
	say(await b.evil('flip answers'));
	const before = await taken(bout);
	await until('it floods', async () => (await taken(bout)) > before + 4 * forgiven(smallest));
	await lab.a.run('ip netns add away && ip link set eth0 netns away');
	const {state, reason, droppedSource} = await a.reaches(b, 'closed', 'broken');
	say(`${await b.evil('calm')}; ${state}, ${reason}, ${droppedSource} dropped`);
	t.deepEqual([state, reason], ['closed', 'device']);
	await lab.a.run(`ip -n away link set eth0 netns 1 && ip netns del away && ip link set eth0 up &&
		ip addr add 10.0.0.1/24 dev eth0 && ip addr add fd00::1/64 dev eth0 nodad`);
}

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
