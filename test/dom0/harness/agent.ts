// SPDX-License-Identifier: MIT
//
// A program that runs in a guest's network namespace: it serves ports, and tries to reach those of
// others. A line of JSON for each order, and one for each answer.
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {createServer, connect} from 'node:net';
import {createInterface} from 'node:readline';
import type {Answer, Order} from './traffic.ts';

const served = new Set<string>();

for await (const line of createInterface({input: process.stdin})) {
	const order: Order = JSON.parse(line);
	void obey(order)
		.catch(() => false)
		.then(ok => {
			const answer: Answer = {id: order.id, ok};
			process.stdout.write(`${JSON.stringify(answer)}\n`);
		});
}

async function obey(order: Order): Promise<boolean> {
	const {op, protocol, port} = order;
	if (op === 'reach') {
		return await (protocol === 'tcp' ? reachTcp(order) : reachUdp(order));
	}
	const key = `${protocol} ${port}`;
	if (served.has(key)) {
		return true;
	}
	served.add(key);
	await (protocol === 'tcp' ? serveTcp(port) : serveUdp(port));

	return true;
}

async function serveTcp(port: number): Promise<void> {
	const server = createServer(socket => socket.on('error', () => {}).end('yes'));
	server.listen(port, '::');
	await once(server, 'listening');
}

async function serveUdp(port: number): Promise<void> {
	const socket = createSocket('udp6');
	socket.on('message', (text, {address, port: back}) => socket.send(text, back, address));
	socket.on('error', () => {});
	socket.bind(port, '::');
	await once(socket, 'listening');
}

async function reachTcp({address, port, ms}: Order): Promise<boolean> {
	const socket = connect({host: address, port});
	const timer = setTimeout(() => socket.destroy(), ms);
	try {
		return await new Promise(resolve => {
			socket.on('data', () => resolve(true));
			socket.on('error', () => resolve(false));
			socket.on('close', () => resolve(false));
		});
	} finally {
		clearTimeout(timer);
		socket.destroy();
	}
}

async function reachUdp({address, port, ms}: Order): Promise<boolean> {
	const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
	const send = () => socket.send('yes', port, address);
	const again = setInterval(send, 20);
	const end = AbortSignal.timeout(ms);
	socket.on('error', () => {});
	try {
		send();
		await once(socket, 'message', {signal: end});

		return true;
	} finally {
		clearInterval(again);
		socket.close();
	}
}
