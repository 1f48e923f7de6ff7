// SPDX-License-Identifier: MIT
import type {Socket} from 'node:net';
import {LabError} from './errors.ts';

// The frames of images/agent.c, seen from the host.
const kind = {start: 1, input: 2, signal: 3, output: 4, errors: 5, ack: 6, exit: 7, lost: 8};
const headerLength = 8;
const maxPayload = 32768;

/** What a command's owner wants to hear of it. */
export type Listener = {
	readonly output: (chunk: Buffer) => void;
	readonly errors: (chunk: Buffer) => void;
	readonly exit: (status: number) => void;
	readonly lost: (error: Error) => void;
};

/** One running command in some machine. */
export type Command = {
	readonly signal: (number: number) => void;
	readonly write: (chunk: Uint8Array) => void;
	readonly end: () => void;
};

type Stream = {readonly listener: Listener; readonly waiting: Uint8Array[]; busy: boolean};

/** Many commands in many machines over the one serial port of dom0. */
export class Agent {
	readonly #socket: Socket;
	readonly #streams = new Map<number, Stream>();
	#received = Buffer.alloc(0);
	#next = 1;
	#closed: Error | undefined;

	constructor(socket: Socket) {
		this.#socket = socket;
		socket.on('data', chunk => this.#receive(chunk));
		socket.on('error', error => this.close(new LabError('agent port broke', {cause: error})));
		socket.on('close', () => this.close(new LabError('agent port closed')));
	}

	/** Runs a command through sh; address '' is dom0. */
	start(address: string, command: string, listener: Listener): Command {
		const id = this.#next++;
		const stream: Stream = {listener, waiting: [], busy: false};
		const payload = Buffer.from(`${address}\0${command}`);

		if (payload.length >= maxPayload) {
			throw new LabError(`command of ${payload.length} bytes: push a file instead`);
		}
		if (this.#closed) {
			throw this.#closed;
		}
		this.#streams.set(id, stream);
		this.#send(id, kind.start, payload);

		return {
			signal: number => this.#send(id, kind.signal, Uint8Array.of(number)),
			write: chunk => {
				for (let at = 0; at < chunk.length; at += maxPayload) {
					stream.waiting.push(chunk.subarray(at, at + maxPayload));
				}
				this.#feed(id, stream);
			},
			end: () => {
				stream.waiting.push(new Uint8Array());
				this.#feed(id, stream);
			},
		};
	}

	/** Ends every command with this error, and any later one. */
	close(error: Error): void {
		this.#closed ??= error;
		for (const stream of this.#streams.values()) {
			stream.listener.lost(this.#closed);
		}
		this.#streams.clear();
		this.#socket.destroy();
	}

	#send(id: number, what: number, payload: Uint8Array): void {
		const header = Buffer.alloc(headerLength);
		header.writeUInt32LE(id, 0);
		header.writeUInt16LE(what, 4);
		header.writeUInt16LE(payload.length, 6);
		if (!this.#closed) {
			this.#socket.write(Buffer.concat([header, payload]));
		}
	}

	// One piece of input at a time: the next one waits for the acknowledgement.
	#feed(id: number, stream: Stream): void {
		if (stream.busy) {
			return;
		}
		const piece = stream.waiting.shift();
		if (!piece) {
			return;
		}
		stream.busy = true;
		this.#send(id, kind.input, piece);
	}

	#receive(chunk: Buffer): void {
		this.#received = Buffer.concat([this.#received, chunk]);
		while (this.#received.length >= headerLength) {
			const end = headerLength + this.#received.readUInt16LE(6);
			if (this.#received.length < end) {
				return;
			}
			const id = this.#received.readUInt32LE(0);
			const what = this.#received.readUInt16LE(4);
			const payload = this.#received.subarray(headerLength, end);
			this.#received = this.#received.subarray(end);
			this.#deliver(id, what, payload);
		}
	}

	#deliver(id: number, what: number, payload: Buffer): void {
		const stream = this.#streams.get(id);
		if (!stream) {
			return;
		}
		if (what === kind.output) {
			stream.listener.output(payload);
		} else if (what === kind.errors) {
			stream.listener.errors(payload);
		} else if (what === kind.ack) {
			stream.busy = false;
			this.#feed(id, stream);
		} else {
			this.#streams.delete(id);
			if (what === kind.exit) {
				stream.listener.exit(payload.readUInt32LE(0));
			} else {
				stream.listener.lost(new LabError(payload.toString()));
			}
		}
	}
}
