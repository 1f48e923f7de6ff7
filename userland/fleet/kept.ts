// SPDX-License-Identifier: MIT
import {mkdir, open, rename, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import * as z from 'zod/mini';
import {ColoopError} from '../errors.ts';
import {codeOf, readTrusted} from '../policy/files.ts';
import {allBytesMost, documentsMost} from './limits.ts';
import type {Snapshot} from './snapshot.ts';

/** The last documents that made a policy without an error, for when etcd is away. */
export type Kept = Snapshot & {
	/** When etcd last had them, in seconds since 1970. */
	readonly confirmed: number;
};

/** In the folder of what outlives a boot. */
export function keptFile(folder: string): string {
	return join(folder, 'fleet.json');
}

const format = 1;
const shape = z.strictObject({
	version: z.literal(format),
	prefix: z.string(),
	revision: z.int(),
	confirmed: z.int(),
	documents: z
		.array(z.strictObject({key: z.string(), mod_revision: z.int(), text: z.string()}))
		.check(z.maxLength(documentsMost)),
});

/** Line ends and quotes take two bytes. */
const bytesMost = 2 * allBytesMost + 1024 * 1024;

/**
 * Undefined where none was kept of that prefix. Throws POLICY where it is not to be understood, or somebody besides root
 * may have written it.
 */
export async function readKept(file: string, prefix: string): Promise<Kept | undefined> {
	const content = await readTrusted(file, bytesMost).catch(error => {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
			return undefined;
		}
		throw new ColoopError('POLICY', `${file}: expected a file, got ${codeOf(error)}`);
	});
	if (content === undefined) {
		return undefined;
	}
	const read = parse(file, content);
	const documents = read.documents.map(({key, mod_revision: modRevision, text}) => ({
		...{key, modRevision, content: Buffer.from(text)},
	}));
	const isOurs = read.prefix === prefix && documents.every(({key}) => key.startsWith(prefix));

	return isOurs ? {...read, documents} : undefined;
}

function parse(file: string, content: Uint8Array): z.infer<typeof shape> {
	try {
		return z.parse(shape, JSON.parse(Buffer.from(content).toString('utf8')));
	} catch (cause) {
		throw new ColoopError('POLICY', `${file}: expected what coloopd has kept, got other text`, {
			cause,
			hint: 'remove it: it is written again when etcd answers',
		});
	}
}

/** By one rename; a policy that was accepted is text. */
export async function keep(file: string, {documents, ...kept}: Kept): Promise<void> {
	const text = JSON.stringify({
		...{version: format, ...kept},
		documents: documents.map(({key, modRevision, content}) => ({
			...{key, mod_revision: modRevision},
			text: content instanceof Error ? '' : Buffer.from(content).toString('utf8'),
		})),
	});
	const temporary = `${file}.${process.pid}`;
	await mkdir(dirname(file), {recursive: true, mode: 0o700});
	try {
		const handle = await open(temporary, 'w', 0o600);
		try {
			await handle.writeFile(text);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(temporary, file);
	} finally {
		await rm(temporary, {force: true});
	}
}
