// SPDX-License-Identifier: MIT
import {dirname, resolve} from 'node:path';
import {PolicyError} from './errors.ts';
import {codeOf, type PolicyFile, type Readers} from './files.ts';
import {fileError, parsePolicy} from './parse.ts';
import type {Include, Policy} from './types.ts';

/** Deeper, or more of them, is a mistake, or somebody's joke. */
const levelsMost = 8;
const filesMost = 1000;

/** So many bytes are not to be parsed here: others wait. */
export class TooLarge extends Error {}

/** What a directory, or one file, comes to with all that it includes. */
export type Expansion = {
	/** In the order in which they are read: what a file includes stands before its own rules. */
	readonly policies: Policy[];
	/** One per file. */
	readonly errors: PolicyError[];
	/** Paths of what was included. */
	readonly included: Set<string>;
	/** What may still be parsed. */
	bytesLeft: number;
};

export function newExpansion(bytesMost = Infinity): Expansion {
	return {policies: [], errors: [], included: new Set(), bytesLeft: bytesMost};
}

/** Adds a file's rules. Never throws but for TooLarge. */
export async function expand(
	file: PolicyFile,
	parse: (file: PolicyFile) => Policy,
	into: Expansion,
	readers: Readers,
): Promise<void> {
	const within = {path: resolve(file.path), above: [] as string[]};
	await add({file, parse}, within, into, readers);
}

type Parsed = {readonly file: PolicyFile; readonly parse: (file: PolicyFile) => Policy};
type Within = {readonly path: string; readonly above: readonly string[]};

async function add(
	{file, parse}: Parsed,
	{path, above}: Within,
	into: Expansion,
	readers: Readers,
): Promise<void> {
	into.bytesLeft -= file.content instanceof Error ? 0 : file.content.byteLength;
	if (into.bytesLeft < 0) {
		throw new TooLarge();
	}
	try {
		const policy = parse(file);
		for (const include of policy.includes ?? []) {
			const at = resolve(dirname(path), include.path);
			refuse(include, at, file.path, [...above, path], into);
			into.included.add(at);
			const next = await read(include, at, file.path, readers);
			await add(next, {path: at, above: [...above, path]}, into, readers);
		}
		into.policies.push(policy);
	} catch (error) {
		if (error instanceof TooLarge) {
			throw error;
		}
		into.errors.push(asPolicyError(error, file.path));
	}
}

async function read(
	include: Include,
	path: string,
	by: string,
	{readIncluded}: Readers,
): Promise<Parsed> {
	try {
		const content = await readIncluded(path);

		return {
			file: {name: path, path, content},
			parse: () => parsePolicy(content, path),
		};
	} catch (error) {
		throw problemOf(include, by, `expected a file that can be read, got ${codeOf(error)}`);
	}
}

function refuse(
	include: Include,
	path: string,
	by: string,
	above: readonly string[],
	{included}: Expansion,
): void {
	if (above.includes(path)) {
		throw problemOf(
			include,
			by,
			`expected files that include each other in no circle, got ${path}`,
		);
	}
	if (above.length > levelsMost) {
		throw problemOf(include, by, `expected at most ${levelsMost} levels of includes, got more`);
	}
	if (included.size >= filesMost) {
		throw problemOf(include, by, `expected at most ${filesMost} included files, got more`);
	}
}

function problemOf({source}: Include, file: string, message: string): PolicyError {
	return new PolicyError([{...source, file, where: 'include', message}]);
}

export function asPolicyError(error: unknown, file: string): PolicyError {
	if (error instanceof PolicyError) {
		return error;
	}

	return fileError(file, `expected a policy, got ${codeOf(error)}`, {cause: error});
}
