// SPDX-License-Identifier: MIT
import {constants} from 'node:fs';
import {open, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {fileError, maxFileBytes} from './parse.ts';

/** Reads directories and files; real ones unless a test passes its own. */
export type Readers = {
	readdir(dir: string): Promise<readonly string[]>;
	readFile(path: string): Promise<Uint8Array>;
};

export const realReaders: Readers = {readdir: dir => readdir(dir), readFile: readRegularFile};

export type PolicyFile = {readonly name: string; readonly content: Uint8Array | Error};

/**
 * The policy files of a directory in byte order, whatever the locale; undefined where there is no such
 * directory. Throws PolicyError where it cannot be read. Hidden files are those of editors at work.
 */
export async function readPolicyFiles(
	dir: string,
	readers: Readers = realReaders,
): Promise<PolicyFile[] | undefined> {
	let names: readonly string[];
	try {
		names = await readers.readdir(dir);
	} catch (error) {
		if (codeOf(error) === 'ENOENT') return undefined;
		throw fileError(dir, `expected a directory that can be read, got ${codeOf(error)}`, {
			cause: error,
		});
	}

	const ours = names
		.filter(name => /^[^.].*\.ya?ml$/.test(name))
		.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
	const files: PolicyFile[] = [];
	for (const name of ours)
		files.push({name, content: await readers.readFile(join(dir, name)).catch(asError)});

	return files;
}

/** A pipe or a device in the directory must not hang the daemon, nor an endless file fill it. */
async function readRegularFile(path: string): Promise<Uint8Array> {
	const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);

	try {
		if (!(await handle.stat()).isFile()) throw new Error('not a regular file');
		const buffer = new Uint8Array(maxFileBytes + 1);
		let length = 0;
		for (;;) {
			const {bytesRead} = await handle.read(buffer, length, buffer.length - length);
			length += bytesRead;
			if (bytesRead === 0) return buffer.slice(0, length);
		}
	} finally {
		await handle.close();
	}
}

export function codeOf(error: unknown): string {
	if (error instanceof Error && 'code' in error) return String(error.code);

	return error instanceof Error ? error.message : String(error);
}

function asError(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}
