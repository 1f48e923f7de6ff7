// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';

type Options = {
	readonly input?: string | Uint8Array | undefined;
	readonly env?: NodeJS.ProcessEnv;
};

/** What the program prints; throws what it complains of where it fails. */
export async function runs(
	program: string,
	words: readonly string[],
	{input = '', env = process.env}: Options = {},
): Promise<string> {
	const child = spawn(program, words, {env});
	const out: Buffer[] = [];
	const err: Buffer[] = [];
	child.stdout.on('data', (piece: Buffer) => out.push(piece));
	child.stderr.on('data', (piece: Buffer) => err.push(piece));
	/* One that ends without reading all. */
	child.stdin.on('error', () => {});
	child.stdin.end(input);
	const [status] = (await once(child, 'close')) as [number | null];
	if (status !== 0) {
		throw new Error(`${program} ${words.join(' ')}: ${Buffer.concat(err).toString()}`);
	}

	return Buffer.concat(out).toString();
}
