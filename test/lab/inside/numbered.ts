// SPDX-License-Identifier: MIT
//
// numbered.mjs serve PORT                counts what arrives over UDP
// numbered.mjs send HOST PORT MS [SIZE]  sends a numbered datagram every MS milliseconds
//
// Each datagram must arrive once, and after those of its sender before it. At SIGTERM both print
// what they counted.
import {createSocket} from 'node:dgram';
import process from 'node:process';

export type Arrivals = {
	readonly received: number;
	/** Arrived before, or after one with a higher number. */
	readonly doubled: number;
	readonly late: number;
};

function serve(port: number): void {
	const flows = new Map<number, {seen: Set<number>; last: number}>();
	const totals = {received: 0, doubled: 0, late: 0};
	const socket = createSocket({type: 'udp4', recvBufferSize: 1 << 20});
	socket.on('message', (message, from) => {
		const number = message.readUInt32LE(0);
		const flow = flows.get(from.port) ?? {seen: new Set(), last: -1};
		flows.set(from.port, flow);
		totals.received += 1;
		if (flow.seen.has(number)) {
			totals.doubled += 1;
		} else if (number < flow.last) {
			totals.late += 1;
		}
		flow.seen.add(number);
		flow.last = Math.max(flow.last, number);
	});
	socket.bind(port, () => console.log('ready'));
	process.on('SIGTERM', () => {
		console.log(JSON.stringify(totals));
		process.exit(0);
	});
}

function send(host: string, port: number, ms: number, size: number): void {
	const socket = createSocket('udp4');
	let sent = 0;
	let gone = 0;
	let isOver = false;
	// Those that wait for room in the socket's buffer would end with the socket.
	const endIfGone = () => {
		if (isOver && gone === sent) {
			console.log(JSON.stringify({sent}));
			socket.close(() => process.exit(0));
		}
	};
	socket.connect(port, host, () => {
		const timer = setInterval(() => {
			const message = Buffer.alloc(size);
			message.writeUInt32LE(sent, 0);
			sent += 1;
			socket.send(message, () => {
				gone += 1;
				endIfGone();
			});
		}, ms);
		process.on('SIGTERM', () => {
			clearInterval(timer);
			isOver = true;
			endIfGone();
		});
	});
}

const [mode, ...args] = process.argv.slice(2);
if (mode === 'serve') {
	serve(Number(args[0]));
} else {
	send(args[0] ?? '', Number(args[1]), Number(args[2]), Number(args[3] ?? 64));
}
