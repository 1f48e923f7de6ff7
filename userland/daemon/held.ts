// SPDX-License-Identifier: MIT
import {existsSync} from 'node:fs';
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import * as z from 'zod/mini';
import {describe, type Log} from './log.ts';

/** What `coloop down` took down and `coloop up` has not brought back. Kept over restarts, not boots. */
export type Held = {
	/** Peers of our own, by name. */
	readonly peers: ReadonlySet<string>;
	isPair(nameA: string, nameB: string): boolean;
	hold(names: readonly string[]): Promise<void>;
	release(names: readonly string[]): Promise<void>;
};

const shape = z.object({peers: z.array(z.string()), pairs: z.array(z.array(z.string()))});

/** One name is a peer of ours, two are a pair of the host. */
export async function openHeld(file: string, log: Log): Promise<Held> {
	const saved = await load(file, log);
	const peers = new Set(saved.peers);
	const pairs = new Set(saved.pairs.map(pairName));

	const write = async () => {
		const text = JSON.stringify({peers: [...peers], pairs: [...pairs].map(split)});
		await mkdir(dirname(file), {recursive: true, mode: 0o700});
		await writeFile(`${file}.new`, `${text}\n`, {mode: 0o600});
		await rename(`${file}.new`, file);
	};
	/* One after the other: they share the new file, and the last one saves what all left. */
	let last = Promise.resolve();
	const save = () => {
		const done = last.then(write);
		last = done.catch(() => {});
		return done;
	};

	return {
		peers,
		isPair: (a, b) => pairs.has(pairName([a, b])),
		async hold(names) {
			if (names.length > 1) pairs.add(pairName(names));
			else names.forEach(name => peers.add(name));
			await save();
		},
		async release(names) {
			if (names.length > 1) pairs.delete(pairName(names));
			else names.forEach(name => peers.delete(name));
			await save();
		},
	};
}

async function load(file: string, log: Log): Promise<z.infer<typeof shape>> {
	try {
		if (existsSync(file)) return shape.parse(JSON.parse(await readFile(file, 'utf8')));
	} catch (error) {
		log.warn('held.unread', {file, ...describe(error)});
	}
	return {peers: [], pairs: []};
}

/* Names of domains hold no newline, so that it can part them. */
function pairName(names: readonly string[]): string {
	return [...names].sort().join('\n');
}

function split(pair: string): string[] {
	return pair.split('\n');
}
