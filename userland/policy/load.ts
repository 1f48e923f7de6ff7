// SPDX-License-Identifier: MIT
import {PolicyError} from './errors.ts';
import {codeOf, readPolicyFiles, realReaders, type PolicyFile, type Readers} from './files.ts';
import {fileError, parsePolicy} from './parse.ts';
import {hostSilence} from './silence.ts';
import type {Policy} from './types.ts';

/** Where policy is looked for: the first of these directories that exists. */
export const policyDirs = ['/etc/coloop/policy.d', '/usr/share/coloop/policy.d'] as const;

export const emptyPolicy: Policy = {pairs: [], accept: [], hostSilenceS: undefined};

export type LoadedPolicy = {
	/** What is in force: empty (deny all) where `errors` is not. */
	readonly policy: Policy;
	/** For how long channels live on while dom0's host role is silent; undefined: for ever. */
	readonly hostSilenceS: number | undefined;
	/** One per file that could not be read or parsed; `message` has a line per problem. */
	readonly errors: readonly PolicyError[];
	/** The directory read; undefined where none exists, which is an empty policy and no error. */
	readonly dir: string | undefined;
};

/** One directory, or several of which the first that exists counts. */
export type PolicyDirs = string | readonly string[];

/** Reads and merges the files of a directory. One broken file makes the whole policy empty: half a policy may
 * lack just the deny that mattered. Never throws. */
export async function loadPolicy(
	dirs: PolicyDirs = policyDirs,
	readers: Readers = realReaders,
): Promise<LoadedPolicy> {
	for (const dir of typeof dirs === 'string' ? [dirs] : dirs) {
		try {
			const files = await readPolicyFiles(dir, readers);
			if (files) return inForce({...merge(files), dir});
		} catch (error) {
			return inForce({policy: emptyPolicy, errors: [asPolicyError(error, dir)], dir});
		}
	}

	return inForce({policy: emptyPolicy, errors: [], dir: undefined});
}

/** What was read, with what follows from the policy in it. */
export function inForce(read: Omit<LoadedPolicy, 'hostSilenceS'>): LoadedPolicy {
	const {hostSilenceS = hostSilence.usual} = read.policy;

	return {...read, hostSilenceS: hostSilenceS === 'never' ? undefined : hostSilenceS};
}

function merge(files: readonly PolicyFile[]): {policy: Policy; errors: PolicyError[]} {
	const policies: Policy[] = [];
	const errors: PolicyError[] = [];

	for (const {name, content} of files) {
		try {
			policies.push(parseFile(name, content));
		} catch (error) {
			errors.push(asPolicyError(error, name));
		}
	}
	if (errors.length > 0) return {policy: emptyPolicy, errors};

	return {
		policy: {
			pairs: policies.flatMap(policy => policy.pairs),
			accept: policies.flatMap(policy => policy.accept),
			hostSilenceS: policies.find(policy => policy.hostSilenceS !== undefined)?.hostSilenceS,
		},
		errors,
	};
}

function parseFile(name: string, content: Uint8Array | Error): Policy {
	if (content instanceof Error)
		throw fileError(name, `expected a file that can be read, got ${codeOf(content)}`, {
			cause: content,
		});
	// Silently ignored rules would be worse than a complaint.
	if (name.endsWith('.yml'))
		throw fileError(name, 'expected a name that ends in .yaml, got .yml');

	return parsePolicy(content, name);
}

function asPolicyError(error: unknown, file: string): PolicyError {
	if (error instanceof PolicyError) return error;

	return fileError(file, `expected a policy, got ${codeOf(error)}`, {cause: error});
}
