// SPDX-License-Identifier: MIT
import {open, readdir, readFile, rename, rm, mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod/mini';
import {ColoopError} from '../errors.ts';
import {byName, isPolicy, type PolicyFile} from '../policy/files.ts';
import {tokenOfFiles} from '../policy/token.ts';
import {documentBytesMost} from './limits.ts';

/** A directory with the documents of a fleet, of a repository or a person: whoever may write it is not asked. */
export type Checkout = {
	readonly dir: string;
	/** By name, in order. */
	readonly files: readonly PolicyFile[];
	/** What the fleet had when the directory was last got or put; undefined: it never was. */
	readonly base: {readonly prefix: string; readonly token: string} | undefined;
};

const recordName = '.coloop-fleet';
const record = z.object({prefix: z.string(), token: z.string()});

/** Throws USAGE where it cannot be read. */
export async function readCheckout(dir: string): Promise<Checkout> {
	const names = await readdir(dir).catch(error => {
		throw new ColoopError('USAGE', `${dir}: ${(error as Error).message}`);
	});
	const files: PolicyFile[] = [];
	for (const name of names.filter(isPolicy).sort(byName)) {
		const path = join(dir, name);
		files.push({name, path, content: await readBounded(path)});
	}

	return {dir, files, base: await readRecord(dir)};
}

export function tokenOfCheckout({files}: Checkout): string {
	return tokenOfFiles(files);
}

async function readBounded(path: string): Promise<Uint8Array | Error> {
	try {
		const handle = await open(path, 'r');
		try {
			const {size} = await handle.stat();
			if (size > documentBytesMost) {
				return new Error(`more than ${documentBytesMost} bytes`);
			}

			return await handle.readFile();
		} finally {
			await handle.close();
		}
	} catch (error) {
		return error instanceof Error ? error : new Error(String(error));
	}
}

async function readRecord(dir: string): Promise<Checkout['base']> {
	const text = await readFile(join(dir, recordName), 'utf8').catch(() => '');
	try {
		return z.parse(record, JSON.parse(text));
	} catch {
		return undefined;
	}
}

/** Notes what the fleet has now. */
export async function writeRecord(dir: string, prefix: string, token: string): Promise<void> {
	await replace(join(dir, recordName), `${JSON.stringify({prefix, token})}\n`);
}

type Named = {readonly name: string; readonly content: Uint8Array};

/** Makes it hold these documents, and no others; the directory is made where there is none. */
export async function writeCheckout(
	dir: string,
	documents: readonly Named[],
	base: {readonly prefix: string; readonly token: string},
): Promise<void> {
	await mkdir(dir, {recursive: true});
	const {files} = await readCheckout(dir);
	for (const {name, content} of documents) {
		await replace(join(dir, name), content);
	}
	for (const {name, path} of files) {
		if (!documents.some(each => each.name === name)) {
			await rm(path);
		}
	}
	await writeRecord(dir, base.prefix, base.token);
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
	const temporary = `${path}.${process.pid}`;
	const handle = await open(temporary, 'wx');
	try {
		await handle.writeFile(content);
	} finally {
		await handle.close();
	}
	await rename(temporary, path);
}
