// SPDX-License-Identifier: MIT
//
// fuzz-netlink SEED COUNT: requests to the module that a broken or hostile daemon might make, most
// of them nearly right, one after the other; says as JSON how they were answered and what the
// module holds when all peers have been deleted again.
import process from 'node:process';
import {
	channelAttributes,
	commands,
	family as names,
	infoAttributes,
	linkAttributes,
	peerAttributes,
} from '../../userland/kernel/constants.ts';
import {ask, genericProtocol, resolveFamily, type Family} from '../../userland/kernel/genl.ts';
import {connect, type Connection} from '../../userland/kernel/netlink.ts';
import {errnoOf} from '../../userland/kernel/errors.ts';

type Random = (below: number) => number;

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): Random {
	let state = seed;

	return below => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;

		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

function attribute(id: number, payload: Buffer): Buffer {
	const header = Buffer.alloc(4);
	header.writeUInt16LE(payload.length + 4, 0);
	header.writeUInt16LE(id, 2);

	return Buffer.concat([header, payload, Buffer.alloc(-payload.length & 3)]);
}

function word(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value >>> 0);

	return bytes;
}

const oneOf = <T>(random: Random, values: readonly T[]): T | undefined =>
	values[random(values.length)];

/** Mostly one of `likely`; sometimes any number. */
function number(random: Random, likely: readonly number[]): Buffer {
	return word(random(40) === 0 ? random(0x1_0000_0000) : (oneOf(random, likely) ?? 0));
}

const address = (random: Random) =>
	Buffer.from(
		[2 * random(4) + (random(20) === 0 ? 1 : 0), 0x16, 0x3e, 0, 0, random(4)].slice(
			0,
			random(40) === 0 ? 5 : 6,
		),
	);

function link(random: Random): Buffer {
	const parts = [
		attribute(linkAttributes.ifindex.id, number(random, [1, 2, 2, 2])),
		attribute(linkAttributes.localMac.id, address(random)),
		attribute(linkAttributes.remoteMac.id, address(random)),
	];

	return Buffer.concat(parts.filter(() => random(30) > 0));
}

function channel(random: Random): Buffer {
	const {order, listen, controlRef, eventPort, queues} = channelAttributes;
	const parts = [
		attribute(order.id, number(random, [5, 5, 5, 6, 9, 4, 10])),
		attribute(listen.id, Buffer.alloc(random(30) === 0 ? 4 : 0)),
		attribute(controlRef.id, number(random, [8, 9, 1000, 0])),
		attribute(eventPort.id, number(random, [0, 1, 20])),
		attribute(queues.id, number(random, [1, 1, 2, 2, 8, 9])),
	];

	return Buffer.concat(parts.filter(() => random(3) > 0));
}

/** Peers and offers come more often than they go. */
const common = [
	...[commands.peerNew, commands.peerNew, commands.peerSet, commands.peerGet],
	...[commands.channelOffer, commands.channelOffer, commands.channelOffer],
	...[commands.channelAttach, commands.channelAttach, commands.channelClose],
	...[commands.peerDel, commands.infoGet],
];

/** What each command takes; others take anything. */
const takes: Readonly<Record<number, readonly string[]>> = {
	[commands.peerNew]: ['domid', 'epoch', 'name', 'links', 'busyPoll'],
	[commands.peerSet]: ['domid', 'epoch', 'name', 'links', 'busyPoll'],
	[commands.peerDel]: ['domid'],
	[commands.peerGet]: ['domid'],
	[commands.channelOffer]: ['domid', 'epoch', 'channel'],
	[commands.channelAttach]: ['domid', 'epoch', 'channel'],
	[commands.channelClose]: ['domid'],
};

/** What the command takes, and now and then less or more. */
function attributesFor(command: number, random: Random): Buffer {
	const {domid, epoch, name, link: links, channel: channels, busyPoll} = peerAttributes;
	const text = Buffer.from('x'.repeat(random(68)) + (random(30) > 0 ? '\0' : ''));
	const some = random(8) === 0 ? random(20) : 1;
	const all = {
		domid: attribute(domid.id, number(random, [2, 2, 2, 2, 3])),
		epoch: attribute(epoch.id, number(random, [1, 1, 1, 1, 1, 2])),
		name: attribute(name.id, text),
		links: Buffer.concat(
			Array.from({length: some}, () => attribute(links.id | 0x8000, link(random))),
		),
		channel: attribute(channels.id | 0x8000, channel(random)),
		busyPoll: attribute(busyPoll.id, number(random, [0, 50, 50, 50, 50, 1000, 1000, 1001])),
	};
	const parts = Object.entries(all).filter(([key]) => {
		const isTaken = takes[command]?.includes(key) ?? random(2) === 0;

		return random(40) === 0 ? !isTaken : isTaken;
	});

	return Buffer.concat(parts.map(([, bytes]) => bytes));
}

/** Changes some bytes, cuts the end, or adds to it. */
function spoil(random: Random, bytes: Buffer): Buffer {
	const spoilt = Buffer.from(bytes);
	for (let flips = random(4); flips > 0 && spoilt.length > 0; flips--) {
		spoilt[random(spoilt.length)] = random(256);
	}
	if (random(4) === 0) {
		return spoilt.subarray(0, random(spoilt.length + 1));
	}
	const more = Buffer.from(Array.from({length: random(40)}, () => random(256)));

	return random(4) === 0 ? Buffer.concat([spoilt, more]) : spoilt;
}

async function send(connection: Connection, family: Family, random: Random): Promise<string> {
	const command = random(32) === 0 ? random(256) : (oneOf(random, common) ?? 0);
	const attributes = attributesFor(command, random);
	try {
		await connection.request({
			type: family.id,
			dump: random(32) === 0,
			header: new Uint8Array([command, family.version, 0, 0]),
			attributes: random(8) === 0 ? spoil(random, attributes) : attributes,
			table: peerAttributes,
		});

		return 'done';
	} catch (error) {
		return errnoOf(error) ?? String(error);
	}
}

async function deleteAll(connection: Connection, family: Family): Promise<void> {
	const options = {dump: true};
	const peers = await ask(connection, family, peerAttributes, commands.peerGet, {}, options);
	for (const {values} of peers) {
		const {domid} = values;
		/* Another of us may have been faster. */
		await ask(connection, family, peerAttributes, commands.peerDel, {domid}).catch(() => {});
	}
}

const [seed = 1, count = 1000] = process.argv.slice(2).map(Number);
const random = randomFrom(seed);
const connection = connect(genericProtocol);
const family = await resolveFamily(connection, names.name);
if (family === undefined) {
	throw new Error('the coloop module is not loaded');
}
const answers: Record<string, number> = {};
for (let i = 0; i < count; i++) {
	const answer = await send(connection, family, random);
	answers[answer] = (answers[answer] ?? 0) + 1;
}
await deleteAll(connection, family);
const [info] = await ask(connection, family, infoAttributes, commands.infoGet, {});
const {peers, channels, grants, maps, ports, deferred} = info?.values ?? {};
const held = {peers, channels, grants, maps, ports, deferred};
process.stdout.write(`${JSON.stringify({seed, count, answers, held})}\n`);
connection.close();
