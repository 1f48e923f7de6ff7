// SPDX-License-Identifier: MIT
import {diverted, patient} from './channel.ts';
import type {Background, Guest} from './guest.ts';
import type {Arrivals} from './inside/numbered.ts';
import {until} from './until.ts';

const port = 7200;

/** What a program that counts wrote last. */
export function lastLine<T>(text: string): T {
	return JSON.parse(text.trim().split('\n').at(-1) ?? '') as T;
}

/** Counts numbered datagrams in a machine (inside/numbered.ts). */
export class Counter {
	readonly #server: Background;

	private constructor(server: Background) {
		this.#server = server;
	}

	static async start(machine: Guest): Promise<Counter> {
		const server = machine.spawn(`exec node /opt/coloop/numbered.mjs serve ${port}`);
		await until('it listens', () => server.stdout().includes('ready'), patient);

		return new Counter(server);
	}

	async stop(): Promise<Arrivals> {
		return lastLine((await this.#server.stop('SIGTERM')).stdout);
	}
}

/** Sends numbered datagrams to the counter of another machine: one every `ms` milliseconds. */
export class Numbers {
	readonly #client: Background;

	constructor(from: Guest, to: string, ms: number, size = 64) {
		const send = `send ${to} ${port} ${ms} ${size}`;
		this.#client = from.spawn(`exec node /opt/coloop/numbered.mjs ${send}`);
	}

	/** How many were sent, of which some may be on their way. */
	async stop(): Promise<number> {
		return lastLine<{sent: number}>((await this.#client.stop('SIGTERM')).stdout).sent;
	}
}

export const counterPort = port;

/** Trains of ten segments and single datagrams in turn; how many records each of 100 turns took. */
export async function trains(
	a: Guest,
	b: Guest,
): Promise<{lost: number; late: number; records: number}> {
	const slow = {timeout: 600_000};
	const counter = await Counter.start(b);
	const before = await diverted(a);
	const {stdout} = await a.run(`/opt/coloop/senders segments b ${port} 100`, slow);
	const records = ((await diverted(a)) - before) / 100;
	await a.run('ping -q -c 5 -i 0.2 -W 5 b', slow);
	const {received, doubled, late} = await counter.stop();

	return {lost: lastLine<{sent: number}>(stdout).sent - received, late: doubled + late, records};
}
