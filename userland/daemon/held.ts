// SPDX-License-Identifier: MIT
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import * as z from 'zod/mini';
import {ColoopError} from '../errors.ts';
import {describe, sentence, type Log} from './log.ts';

/** What `coloop down` took down and `coloop up` has not brought back. Kept over restarts and boots. */
export type Held = {
	/** Peers of our own, by name. */
	readonly peers: ReadonlySet<string>;
	isPair(nameA: string, nameB: string): boolean;
	/** The pairs of the host, for lists. */
	pairs?(): Array<readonly [string, string]>;
	/** Throws where it cannot be kept. */
	hold(names: readonly string[]): Promise<void>;
	release(names: readonly string[]): Promise<void>;
	/** Why everything is held, for people; undefined: it is not. */
	readonly problem?: string | undefined;
};

const shape = z.strictObject({
	peers: z.array(z.string()),
	pairs: z.array(z.tuple([z.string(), z.string()])),
});

/**
 * One name is a peer of ours, two are a pair of the host. Where the file is there and cannot be
 * understood, everything is held: nobody knows what was taken down, and that must not come up.
 */
export async function openHeld(file: string, log: Log): Promise<Held> {
	try {
		return heldIn(file, await load(file));
	} catch (error) {
		log.error('held.unread', {file, ...describe(error)});

		return allHeld(file, sentence(error));
	}
}

function allHeld(file: string, cause: string): Held {
	const problem = `what \`coloop down\` took down cannot be read, so everything is held: ${cause}`;
	const refuse = async () => {
		throw new ColoopError('USAGE', problem, {
			hint: `mend or remove ${file}, then restart coloopd`,
		});
	};

	return {
		peers: Object.assign(new Set<string>(), {has: () => true}),
		isPair: () => true,
		hold: refuse,
		release: refuse,
		problem: `${problem}; mend or remove the file, then restart coloopd`,
	};
}

function heldIn(file: string, saved: z.infer<typeof shape>): Held {
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
		pairs: () => [...pairs].map(split),
		async hold(names) {
			if (names.length > 1) {
				pairs.add(pairName(names));
			} else {
				names.forEach(name => peers.add(name));
			}
			await save();
		},
		async release(names) {
			if (names.length > 1) {
				pairs.delete(pairName(names));
			} else {
				names.forEach(name => peers.delete(name));
			}
			await save();
		},
	};
}

async function load(file: string): Promise<z.infer<typeof shape>> {
	const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'ENOENT') {
			return undefined;
		}
		throw error;
	});

	return text === undefined ? {peers: [], pairs: []} : parse(file, text);
}

function parse(file: string, text: string): z.infer<typeof shape> {
	const read = z.safeParse(shape, fromJson(file, text));
	if (read.success) {
		return read.data;
	}
	const issue = read.error.issues[0];
	const where = ['', ...(issue?.path ?? [])].join('.');
	throw new ColoopError('PROTOCOL', `${file}${where}: ${issue?.message ?? 'not well formed'}`);
}

function fromJson(file: string, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new ColoopError('PROTOCOL', `${file}: expected JSON, got ${sentence(cause)}`, {
			cause,
		});
	}
}

/** The same for both orders. Names may hold any character. */
function pairName(names: readonly string[]): string {
	return JSON.stringify([...names].sort());
}

function split(pair: string): [string, string] {
	return JSON.parse(pair) as [string, string];
}
