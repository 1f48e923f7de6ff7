// SPDX-License-Identifier: MIT
import type {Socket} from 'node:net';
import readline from 'node:readline';
import {LabError} from './errors.ts';

type Waiting = {resolve: (value: unknown) => void; reject: (error: Error) => void};

/** QEMU's control socket (QMP): one request at a time, answered in order. */
export class Monitor {
	readonly #socket: Socket;
	readonly #waiting: Waiting[] = [];

	constructor(socket: Socket) {
		this.#socket = socket;
		const lines = readline.createInterface({input: socket});
		lines.on('line', line => this.#hear(line));
		// It hands on the socket's errors; `close` follows them.
		lines.on('error', () => {});
		socket.on('error', () => {});
		socket.on('close', () => {
			for (const each of this.#waiting) {
				each.reject(new LabError('QEMU is gone'));
			}
		});
	}

	execute(command: string, args: Record<string, string> = {}): Promise<unknown> {
		this.#socket.write(JSON.stringify({execute: command, arguments: args}) + '\n');

		return new Promise((resolve, reject) => this.#waiting.push({resolve, reject}));
	}

	/** A command of the human monitor; its answer is empty when all went well. */
	async human(command: string): Promise<string> {
		const answer = await this.execute('human-monitor-command', {'command-line': command});

		return typeof answer === 'string' ? answer.trim() : '';
	}

	// Greeting and events are passed over: only answers have `return` or `error`.
	#hear(line: string): void {
		const message: unknown = JSON.parse(line);
		if (typeof message !== 'object' || message === null) {
			return;
		}
		if ('return' in message) {
			this.#waiting.shift()?.resolve(message.return);
		} else if ('error' in message) {
			this.#waiting.shift()?.reject(new LabError(`QEMU: ${JSON.stringify(message.error)}`));
		}
	}
}
