// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Readable} from 'node:stream';
import type {Sent} from './conversation.ts';
import {bridge, channel, guests, uplink} from './places.ts';

export type Fate = 'lost' | 'intact' | 'changed';

/** What became of a frame; `came` is how a changed one came. */
export type Outcome = {readonly sent: Sent; readonly fate: Fate; readonly came?: Buffer};

export type Probe = {
	/** Sends all in turn, and waits for so long (ms) for those that have not arrived. */
	send(frames: readonly Sent[], wait: number): Promise<Outcome[]>;
	close(): Promise<void>;
};

const fates: readonly Fate[] = ['lost', 'intact', 'changed'];

/** `program`: test/guard/probe.c. */
export function openProbe(program: string, guestsNamespace: string): Probe {
	const ends = [...guests, uplink, channel].map(({end}) => end);
	const child = spawn(program, [guestsNamespace, bridge, ...ends], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	const died = once(child, 'exit').then(([code]) => {
		throw new Error(`the probe ended with status ${String(code)}`);
	});
	died.catch(() => undefined);
	const nextAnswer = answersOf(child.stdout);

	return {
		async send(frames, wait) {
			child.stdin.write(requestOf(frames, wait));

			return readAnswer(frames, await Promise.race([nextAnswer(), died]));
		},
		async close() {
			child.stdin.end();
			await died.catch(() => undefined);
		},
	};
}

/** As probe.c says at its beginning. */
function requestOf(frames: readonly Sent[], wait: number): Buffer {
	const parts = frames.flatMap(({from, to, skip, bytes}) => {
		const head = Buffer.alloc(6);
		head.writeUInt8(from, 0);
		head.writeUInt8(to, 1);
		head.writeUInt16LE(skip, 2);
		head.writeUInt16LE(bytes.length, 4);

		return [head, bytes];
	});
	const head = Buffer.alloc(8);
	head.writeUInt32LE(4 + parts.reduce((sum, {length}) => sum + length, 0), 0);
	head.writeUInt16LE(wait, 4);
	head.writeUInt16LE(frames.length, 6);

	return Buffer.concat([head, ...parts]);
}

function readAnswer(frames: readonly Sent[], answer: Buffer): Outcome[] {
	const came = new Map<number, Buffer>();
	for (let at = frames.length; at < answer.length;) {
		const end = at + 4 + answer.readUInt16LE(at + 2);
		came.set(answer.readUInt16LE(at), answer.subarray(at + 4, end));
		at = end;
	}

	return frames.map((sent, index) => {
		const fate = fates[answer.readUInt8(index)] ?? 'lost';
		const bytes = came.get(index);

		return bytes ? {sent, fate, came: bytes} : {sent, fate};
	});
}

/** Each answer begins with its length. */
function answersOf(stream: Readable): () => Promise<Buffer> {
	let kept = Buffer.alloc(0);
	let wake: (() => void) | undefined;
	stream.on('data', (chunk: Buffer) => {
		kept = Buffer.concat([kept, chunk]);
		wake?.();
	});

	return async () => {
		while (kept.length < 4 || kept.length < 4 + kept.readUInt32LE(0)) {
			await new Promise<void>(resolve => {
				wake = resolve;
			});
		}
		const end = 4 + kept.readUInt32LE(0);
		const answer = kept.subarray(4, end);
		kept = kept.subarray(end);

		return answer;
	};
}
