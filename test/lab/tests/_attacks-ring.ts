// SPDX-License-Identifier: MIT
import {claim} from '../../claims/claim.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {breaks, ringBytes, speak, type Attack, type Bout} from './_bout.ts';

const broken = 'broken: bad-index, with the number';
const badRecord = 'broken: bad-record';

function index(name: string, does: string, command: string, rule: string): Attack {
	return {
		...{name, does, rule, must: broken},
		body: bout => breaks(bout, command, 'bad-index'),
	};
}

function record(name: string, does: string, command: string, rule: string): Attack {
	return {
		...{name, does, rule, must: badRecord},
		body: bout => breaks(bout, command, 'bad-record'),
	};
}

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

/** All that the victim has taken from its ring, whatever became of it. */
export async function taken({a, b}: Bout): Promise<number> {
	const {rxPackets, droppedHeader, droppedSource, droppedMemory} = await a.channel(b);
	return rxPackets + droppedHeader + droppedSource + droppedMemory;
}

/** So many well-formed records, whatever is in them; the victim gets to the end of them. */
export function flood(command: string): (bout: Bout) => Promise<void> {
	return async bout => {
		const before = await taken(bout);
		const said = await bout.b.evil(command);
		const count = Number(/^(\d+) records$/.exec(said)?.[1]);
		bout.say(said);
		await until('all of them are taken', async () => (await taken(bout)) >= before + count, {
			timeout: 120_000,
		});
		bout.t.is((await bout.a.channel(bout.b)).state, 'live');
	};
}

export const indices: readonly Attack[] = [
	index(
		'prod-beyond',
		'prod says more than a ring holds',
		`prod ${ringBytes + 16}`,
		'R2; XSA-86',
	),
	index('prod-odd', 'prod lies in the middle of a record header', 'prod 8', 'R2'),
	index('prod-back', 'prod goes backward', 'prod -16', 'R2; XSA-86; XenLoop: xf_size'),
	index('prod-half', 'prod is half the number space away', 'prod 2147483648', 'R2; XSA-86'),
	index('cons-beyond', 'cons is ahead of what we put in', `cons ${ringBytes + 16}`, 'R2; XSA-86'),
	index('cons-back', 'cons goes backward', `cons -${ringBytes}`, 'R2; XSA-86'),
	{
		name: 'side-unknown',
		does: 'says that it is in state 9',
		must: 'broken: bad-state',
		rule: 'R15',
		body: bout => breaks(bout, 'side 9', 'bad-state'),
	},
	{
		name: 'side-back',
		does: 'says that it never mapped us',
		must: 'nothing: a state only grows; what waits too long ends as stalled',
		rule: 'R15',
		async body(bout) {
			const {a, b, t} = bout;
			bout.say(await b.evil('side 1'));
			await speak(bout);
			t.is((await a.reaches(b, 'stalled')).reason, 'stalled');
		},
	},
	{
		name: 'side-closing',
		does: 'says that it closes, but keeps all it has',
		must: 'the victim closes, in 500 ms at most',
		rule: 'R12 R14; XSA-396',
		async body({a, b, t, say}) {
			say(await b.evil('side 3'));
			t.is((await a.reaches(b, 'closed')).reason, 'peer-closed');
		},
	},
	{
		name: 'thresholds',
		does: 'names 20 000 pairs of thresholds at random',
		must: 'the channel stays; both sides are told of what there is',
		rule: 'R2 R10',
		async body(bout) {
			const {a, b, t, lab} = bout;
			bout.say(await b.evil('thresholds 20000'));
			await lab.a.run('ping -q -c 3 -i 0.2 b', {silent: true});
			t.is((await a.channel(b)).state, 'live');
		},
	},
	{
		name: 'jumps',
		does: 'moves all four indices about as far as it may, 2 000 times, then too far',
		must: 'every record is taken; then broken: bad-index',
		rule: 'R2; XSA-86',
		body: jumps(2000),
	},
];

export function jumps(count: number): (bout: Bout) => Promise<void> {
	return async bout => {
		const {b, t} = bout;
		const before = await taken(bout);
		const said = await b.evil(`jump ${count}`);
		bout.say(said);
		const [, jumped, records] = /^(\d+) jumps, (\d+) records, all taken$/.exec(said) ?? [];
		t.is(Number(jumped), count);
		t.true((await taken(bout)) >= before + Number(records));
		await breaks(bout, 'prod 8', 'bad-index');
	};
}

export const records: readonly Attack[] = [
	record('record-empty', 'a record of 0 bytes', 'record-len 0', 'R3 R9'),
	record('record-short', 'a record shorter than an Ethernet header', 'record-len 13', 'R9'),
	record('record-long', 'a record above the largest frame', 'record-len 70000', 'R9; XSA-155'),
	record('record-huge', 'a length that wraps round', 'record-len 4294967295', 'R1; XSA-86'),
	record('record-absent', 'a record longer than what is there', 'record-len 2000', 'R1; XSA-155'),
	record('record-flags', 'unknown flags', 'record flags 128', 'R22'),
	record('record-zero', 'something where zero is due', 'record zero 1', 'R22'),
	record('record-gso', 'an unknown kind of offload', 'record gso_type 9', 'R9 R22'),
	record('record-gso-size', 'segments of a packet that is none', 'record gso_size 9', 'R9'),
	record('record-header', 'headers longer than the frame', 'record hdr_len 65', 'R9; XSA-423'),
	record('record-csum', 'a checksum that nobody asked for', 'record csum_offset 65535', 'R9'),
	{
		name: 'record-lengths',
		does: 'good records of every length from 14 to 65 600 bytes, 331 apart',
		must: 'all are taken',
		rule: 'R9; XSA-432',
		body: flood('lengths 331'),
	},
	{
		name: 'record-boundaries',
		does: 'segment sizes and headers at and about every edge of a frame, for every offload',
		must: 'all are taken; what does not fit its packet is dropped',
		rule: 'R9; XSA-423, -432',
		body: flood('boundaries'),
	},
	{
		name: 'record-nonsense',
		does: '20 000 well-formed records with anything in them',
		must: 'all are taken or dropped, the channel stays',
		rule: 'R9 R21',
		body: flood('nonsense 20000'),
	},
];

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
async function guard(machine: Guest, rules: readonly string[]): Promise<void> {
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

/** Changes while they are read, on another processor; for as long as so many records take. */
function flipping(kind: string, count: number): (bout: Bout) => Promise<void> {
	return async bout => {
		const before = await taken(bout);
		await bout.b.evil(`flip ${kind}`);
		await until('so many are taken', async () => (await taken(bout)) >= before + count);
		bout.say(`${await bout.b.evil('calm')}, ${(await taken(bout)) - before} records taken`);
		bout.t.is((await bout.a.channel(bout.b)).state, 'live');
	};
}

async function flippedPayload(bout: Bout): Promise<void> {
	const {lab, t} = bout;
	await guard(lab.a, [
		'ether saddr 00:16:3e:00:00:03 counter comment "foreign"',
		'ether saddr 00:16:3e:00:00:02 counter drop comment "own"',
	]);
	await flipping('payload', 50_000)(bout);
	const {stdout} = await lab.a.run('nft list table netdev guard; nft delete table netdev guard');
	const count = (what: string) =>
		Number(new RegExp(`counter packets (\\d+) .*"${what}"`).exec(stdout)?.[1]);
	bout.say(`${count('own')} from its own address, ${count('foreign')} from another`);
	t.true(count('own') > 0);
	t.is(count('foreign'), 0);
	t.true((await bout.a.channel(bout.b)).droppedSource > 0);
}

export const races: readonly Attack[] = [
	{
		name: 'flip-headers',
		does: 'rewrites record headers while they are read',
		must: 'each is read once: 50 000 are taken, the channel stays',
		rule: 'R3; XSA-155; XenLoop: copy_packet',
		body: flipping('headers', 50_000),
	},
	{
		name: 'flip-lengths',
		does: 'a record is short to who looks first and 65 000 bytes to who looks again',
		must: 'no byte too many is copied; in the end broken: bad-record',
		rule: 'R3; XSA-155; XenLoop: copy_packet',
		async body(bout) {
			const {a, b, t} = bout;
			await b.evil('flip lengths');
			t.is((await a.reaches(b, 'broken')).reason, 'bad-record');
			bout.say(await b.evil('calm'));
		},
	},
	{
		name: 'flip-payload',
		does: 'source address and packet change between the check and the use',
		must: 'what was checked is what is delivered: no frame of guest c gets through',
		rule: 'R4; XSA-155',
		body: flippedPayload,
	},
];

export const events: readonly Attack[] = [
	{
		name: 'event-storm',
		does: '100 000 events as fast as Xen takes them, without a cause',
		must: 'the victim answers meanwhile, the channel stays',
		rule: 'R10 R11; XSA-332, -391',
		async body({lab, a, b, t, say}) {
			const before = (await a.channel(b)).eventsReceived;
			const pings = lab.a.run('ping -q -c 5 -i 0.2 -W 20 dom0', {silent: true});
			const said = await b.evil('storm 100000');
			say(said);
			await claim('event-rate', said);
			await pings;
			const {eventsReceived, state} = await a.channel(b);
			say(`${eventsReceived - before} of them were handled`);
			t.is(state, 'live');
		},
	},
	{
		name: 'event-silence',
		does: 'takes and sends, but never says so',
		must: 'what waits is looked for; nothing is lost, the channel stays or is stalled',
		rule: 'R10; watchdog',
		async body({lab, a, b, t, say}) {
			await b.evil('mute');
			await lab.a.run('ping -q -c 3 -W 20 b', {fails: 'maybe', silent: true});
			const {state, reason} = await a.channel(b);
			say(`${state}, ${reason}`);
			t.true(['live', 'stalled'].includes(state));
		},
	},
	{
		name: 'starvation',
		does: 'takes nothing, sends nothing, says nothing',
		must: 'stalled within 3.5 s of the first packet that waits; traffic goes the ordinary path',
		rule: 'R7; XSA-392',
		async body(bout) {
			const {a, b, t, lab} = bout;
			await b.evil('starve');
			await speak(bout);
			t.is((await a.reaches(b, 'stalled')).reason, 'stalled');
			await lab.a.run('ping -q -c 1 -W 20 b', {silent: true});
		},
	},
];
