// SPDX-License-Identifier: MIT
//
// flow.mjs serve PORT            takes blocks over TCP and UDP; a line of totals every second
// flow.mjs send HOST PORT SEED   sends them, for as long as it runs
//
// What is in a block follows from its number, so the receiver compares every byte. TCP must bring every
// number in order; of datagrams some may be missing, none may be wrong.
import {createSocket} from 'node:dgram';
import {connect, createServer, type Socket} from 'node:net';
import process from 'node:process';
import {setTimeout as pause} from 'node:timers/promises';

const headerBytes = 16;
const largest = {tcp: 60_000, udp: 32_000};
const pattern = makePattern(1 << 20);
const totals = {tcp: 0, tcpBytes: 0, udp: 0, udpBytes: 0, lost: 0};

type Kind = keyof typeof largest;

function makePattern(bytes: number): Buffer {
	const words = new Uint32Array(bytes / 4);
	let state = 0x9e3779b9;
	for (let at = 0; at < words.length; at++) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		words[at] = state;
	}

	return Buffer.from(words.buffer);
}

/** Length and place in the pattern of block `number` of a flow. */
function blockOf(kind: Kind, seed: number, number: number): {length: number; offset: number} {
	const mixed = Math.imul(number ^ seed, 0x85ebca6b) >>> 0;
	// Small ones, and some of any size.
	const length = mixed % 4 === 0 ? mixed % largest[kind] : mixed % 1400;

	return {length, offset: (mixed >>> 8) % (pattern.length - largest[kind])};
}

function makeBlock(kind: Kind, seed: number, number: number): Buffer {
	const {length, offset} = blockOf(kind, seed, number);
	const block = Buffer.alloc(headerBytes + length);
	block.writeUInt32LE(seed, 0);
	block.writeUInt32LE(number, 4);
	block.writeUInt32LE(length, 8);
	block.writeUInt32LE(offset, 12);
	pattern.copy(block, headerBytes, offset, offset + length);

	return block;
}

/** Ends the program at the first byte that is not as it should be. */
function check(kind: Kind, block: Buffer): void {
	const number = block.readUInt32LE(4);
	const good = makeBlock(kind, block.readUInt32LE(0), number);
	if (block.equals(good)) {
		return;
	}
	const at = block.findIndex((byte, index) => byte !== good[index]);
	throw new Error(`${kind} block ${number} is wrong from byte ${at} on`);
}

function serve(port: number): void {
	createServer(socket => {
		socket.on('error', error => console.log(JSON.stringify({ended: error.message})));
		void takeStream(socket).catch(complain);
	}).listen(port);
	takeDatagrams(port);
	setInterval(() => console.log(JSON.stringify(totals)), 1000);
}

async function takeStream(socket: Socket): Promise<void> {
	let expected = 0;
	let rest = Buffer.alloc(0);
	for await (const chunk of socket) {
		rest = Buffer.concat([rest, chunk]);
		while (rest.length >= headerBytes) {
			const end = headerBytes + rest.readUInt32LE(8);
			if (end > headerBytes + largest.tcp) {
				throw new Error('tcp: a length that is wrong');
			}
			if (rest.length < end) {
				break;
			}
			const block = rest.subarray(0, end);
			if (block.readUInt32LE(4) !== expected) {
				throw new Error(`tcp: ${expected} is missing`);
			}
			check('tcp', block);
			expected += 1;
			totals.tcp += 1;
			totals.tcpBytes += end;
			rest = rest.subarray(end);
		}
	}
}

function takeDatagrams(port: number): void {
	let expected = 0;
	const socket = createSocket('udp4');
	socket.on('message', block => {
		try {
			check('udp', block);
		} catch (error) {
			complain(error);
		}
		const number = block.readUInt32LE(4);
		// A sender that begins again begins at 0.
		if (number > expected) {
			totals.lost += number - expected;
		}
		expected = number + 1;
		totals.udp += 1;
		totals.udpBytes += block.length;
	});
	socket.bind(port);
}

async function send(host: string, port: number, seed: number): Promise<void> {
	const stream = connect({host, port});
	const datagrams = createSocket('udp4');
	stream.on('error', complain);
	// No route for a moment is what the test is about.
	datagrams.on('error', () => {});
	for (let number = 0; ; number++) {
		if (!stream.write(makeBlock('tcp', seed, number))) {
			await new Promise(resolve => stream.once('drain', resolve));
		}
		datagrams.send(makeBlock('udp', seed, number), port, host);
		// An emulated machine is soon busy, and daemons that get no turn answer nobody.
		await pause(50);
	}
}

function complain(error: unknown): void {
	console.log(JSON.stringify({wrong: error instanceof Error ? error.message : String(error)}));
	process.exit(1);
}

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'serve') {
	serve(Number(rest[0]));
} else {
	await send(rest[0] ?? '', Number(rest[1]), Number(rest[2]));
}
