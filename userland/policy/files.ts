// SPDX-License-Identifier: MIT
import {constants} from 'node:fs';
import {lstat, open, readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {PolicyError} from './errors.ts';
import {fileError, maxFileBytes} from './parse.ts';
import {distrust, distrustAbove} from './trust.ts';

/** Reads directories and files; real ones unless a test passes its own. */
export type Readers = {
	/** Throws where the directory cannot be read, or others than root could write it. */
	readdir(dir: string): Promise<readonly string[]>;
	readFile(path: string): Promise<Uint8Array>;
	/** The same, of a file that stands anywhere. */
	readIncluded(path: string): Promise<Uint8Array>;
};

export const realReaders: Readers = {
	readdir: readTrustedFolder,
	readFile: path => readTrusted(path),
	readIncluded,
};

export type PolicyFile = {
	/** As rules name it. */
	readonly name: string;
	/** As messages name it. */
	readonly path: string;
	readonly content: Uint8Array | Error;
};

export type PolicyFolder = {
	readonly files: readonly PolicyFile[];
	/** Names of what looks like a policy, but is none by its name. */
	readonly ignored: readonly string[];
};

/**
 * The policy files of a directory in byte order, whatever the locale; undefined where there is no such
 * directory. Throws PolicyError where it cannot be read. Hidden files are those of editors at work.
 */
export async function readPolicyFolder(
	dir: string,
	readers: Readers = realReaders,
): Promise<PolicyFolder | undefined> {
	let names: readonly string[];
	try {
		names = await readers.readdir(dir);
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return undefined;
		}
		throw unreadable(dir, 'a directory', error);
	}

	const sorted = [...names].sort(byName);
	const files: PolicyFile[] = [];
	for (const name of sorted.filter(isPolicy)) {
		const path = join(dir, name);
		files.push({name, path, content: await readers.readFile(path).catch(asError)});
	}

	return {files, ignored: sorted.filter(name => !isPolicy(name) && looksLikePolicy(name))};
}

/** Byte order. */
export function byName(a: string, b: string): number {
	return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** One file by its path, `directory` for one. What keeps it from being read is its content. */
export async function readPolicyFile(path: string): Promise<PolicyFile | 'directory'> {
	const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
	if (isFolder) {
		return 'directory';
	}

	return {name: path, path, content: await readTrusted(path).catch(asError)};
}

/** What the daemon reads; a `.yml` is an error to it, as rules that are silently ignored would be worse. */
export function isPolicy(name: string): boolean {
	return /^[^.].*\.ya?ml$/.test(name);
}

function looksLikePolicy(name: string): boolean {
	return /^[^.].*\.(?:ya?ml|conf|json|policy)$/i.test(name);
}

export function unreadable(path: string, what: string, error: unknown): PolicyError {
	const cause = {cause: error};
	if (error instanceof Distrusted) {
		return fileError(path, error.message, cause);
	}

	return fileError(path, `expected ${what} that can be read, got ${codeOf(error)}`, cause);
}

/** `message`: what others could do to the policy. */
class Distrusted extends Error {}

async function readTrustedFolder(dir: string): Promise<string[]> {
	const names = await readdir(dir);
	const why = distrust(dir, await stat(dir)) ?? (await distrustAbove(dir));
	if (why !== undefined) {
		throw new Distrusted(why);
	}

	return names;
}

/**
 * A file that nobody but root may have written; at most one byte more than `bytesMost` of it. A pipe or a device must
 * not hang the daemon, nor an endless file fill it.
 */
export async function readTrusted(path: string, bytesMost = maxFileBytes): Promise<Uint8Array> {
	const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);

	try {
		const found = await handle.stat();
		if (!found.isFile()) {
			throw new Error('not a regular file');
		}
		const isLink = (await lstat(path)).isSymbolicLink();
		const why = distrust(path, found) ?? (isLink ? await distrustAbove(path) : undefined);
		if (why !== undefined) {
			throw new Distrusted(why);
		}

		return await readAll(handle, bytesMost);
	} finally {
		await handle.close();
	}
}

async function readIncluded(path: string): Promise<Uint8Array> {
	const content = await readTrusted(path);
	const why = await distrustAbove(path);
	if (why !== undefined) {
		throw new Distrusted(why);
	}

	return content;
}

async function readAll(
	handle: Awaited<ReturnType<typeof open>>,
	bytesMost: number,
): Promise<Uint8Array> {
	const buffer = new Uint8Array(bytesMost + 1);

	for (let length = 0; ;) {
		const {bytesRead} = await handle.read(buffer, length, buffer.length - length);
		length += bytesRead;
		if (bytesRead === 0) {
			return buffer.slice(0, length);
		}
	}
}

export function codeOf(error: unknown): string {
	if (error instanceof Distrusted) {
		return error.message.replace(/^expected /, 'one that is not: ');
	}
	if (error instanceof Error && 'code' in error) {
		return String(error.code);
	}

	return error instanceof Error ? error.message : String(error);
}

function asError(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}
