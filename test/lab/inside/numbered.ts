// SPDX-License-Identifier: MIT
//
// numbered.mjs serve PORT            counts what arrives over UDP
// numbered.mjs send HOST PORT MS     sends a numbered datagram every MS milliseconds
//
// Each datagram must arrive once, and after those before it. At SIGTERM both print what they counted.
import {createSocket} from 'node:dgram';
import process from 'node:process';

export type Arrivals = {
	readonly received: number;
	/** Arrived before, or after one with a higher number. */
	readonly doubled: number;
	readonly late: number;
};

function serve(port: number): void {
	const seen = new Set<number>();
	const totals = {received: 0, doubled: 0, late: 0};
	let last = -1;
	const socket = createSocket({type: 'udp4', recvBufferSize: 1 << 20});
	socket.on('message', message => {
		const number = message.readUInt32LE(0);
		totals.received += 1;
		if (seen.has(number)) totals.doubled += 1;
		else if (number < last) totals.late += 1;
		seen.add(number);
		last = Math.max(last, number);
	});
	socket.bind(port, () => console.log('ready'));
	process.on('SIGTERM', () => {
		console.log(JSON.stringify(totals));
		process.exit(0);
	});
}

function send(host: string, port: number, ms: number): void {
	const socket = createSocket('udp4');
	let sent = 0;
	socket.connect(port, host, () => {
		const timer = setInterval(() => {
			const message = Buffer.alloc(64);
			message.writeUInt32LE(sent, 0);
			socket.send(message);
			sent += 1;
		}, ms);
		process.on('SIGTERM', () => {
			clearInterval(timer);
			console.log(JSON.stringify({sent}));
			socket.close(() => process.exit(0));
		});
	});
}

const [mode, ...args] = process.argv.slice(2);
if (mode === 'serve') serve(Number(args[0]));
else send(args[0] ?? '', Number(args[1]), Number(args[2]));
