// SPDX-License-Identifier: MIT
import {createInterface} from 'node:readline';
import {execPath} from 'node:process';
import {fileURLToPath} from 'node:url';
import type {Namespace} from './namespace.ts';

/** A connection, or a datagram and its answer. */
export type Packets = {
	readonly protocol?: 'tcp' | 'udp';
	readonly port?: number;
	/** IP's version. */
	readonly ip?: 4 | 6;
};

export type Order = {
	readonly id: number;
	readonly op: 'serve' | 'reach';
	readonly protocol: 'tcp' | 'udp';
	readonly port: number;
	readonly address: string;
	readonly ms: number;
};

export type Answer = {readonly id: number; readonly ok: boolean};

/** What sends and answers packets in one network namespace. */
export type Agent = {
	serve(packets: Packets): Promise<boolean>;
	/** Whether anything came back in time. */
	reach(address: string, packets: Packets, ms: number): Promise<boolean>;
	close(): void;
};

/** In dom0 where no guest is named. */
export function startAgent(namespace: Namespace, guest?: string): Agent {
	const module = fileURLToPath(new URL('agent.js', import.meta.url));
	const child = namespace.start([execPath, module], {
		stdio: ['pipe', 'pipe', 'inherit'],
		...(guest !== undefined && {guest}),
	});
	const waiting = new Map<number, (ok: boolean) => void>();
	let last = 0;

	if (child.stdout) {
		createInterface({input: child.stdout}).on('line', line => {
			const {id, ok}: Answer = JSON.parse(line);
			waiting.get(id)?.(ok);
			waiting.delete(id);
		});
	}
	const ask = (order: Omit<Order, 'id'>) => {
		const id = ++last;

		return new Promise<boolean>(resolve => {
			waiting.set(id, resolve);
			child.stdin?.write(`${JSON.stringify({id, ...order})}\n`);
		});
	};

	return {
		serve: ({protocol = 'tcp', port = 5001}) =>
			ask({op: 'serve', protocol, port, address: '', ms: 0}),
		reach: (address, {protocol = 'tcp', port = 5001}, ms) =>
			ask({op: 'reach', protocol, port, address, ms}),
		close: () => void child.kill('SIGKILL'),
	};
}
