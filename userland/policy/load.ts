// SPDX-License-Identifier: MIT
import {join} from 'node:path';
import {formatWarning, PolicyError} from './errors.ts';
import {
	codeOf,
	readPolicyFolder,
	realReaders,
	unreadable,
	type PolicyFile,
	type PolicyFolder,
	type Readers,
} from './files.ts';
import {fileError, parsePolicy} from './parse.ts';
import {hostSilence} from './silence.ts';
import type {Policy} from './types.ts';
import {hiddenSilences, policyWarnings, type Side} from './warnings.ts';

/** Where policy is looked for: the first of these directories that exists. */
export const policyDirs = ['/etc/coloop/policy.d', '/usr/share/coloop/policy.d'] as const;

export const emptyPolicy: Policy = {pairs: [], accept: [], hostSilence: undefined};

export type LoadedPolicy = {
	/** What is in force: empty (deny all) where `errors` is not. */
	readonly policy: Policy;
	/** For how long channels live on while dom0's host role is silent; undefined: for ever. */
	readonly hostSilenceS: number | undefined;
	/** One per file that could not be read or parsed; `message` has a line per problem. */
	readonly errors: readonly PolicyError[];
	/** Lines about what is well formed and surely not meant; of a policy that is broken, none. */
	readonly warnings: readonly string[];
	/** The directory read; undefined where none exists, which is an empty policy and no error. */
	readonly dir: string | undefined;
};

/** One directory, or several of which the first that exists counts. */
export type PolicyDirs = string | readonly string[];

type LoadOptions = {readonly readers?: Readers; readonly side?: Side | undefined};

/** Reads and merges the files of a directory. One broken file makes the whole policy empty: half a policy may
 * lack just the deny that mattered. Never throws. */
export async function loadPolicy(
	dirs: PolicyDirs = policyDirs,
	{readers = realReaders, side}: LoadOptions = {},
): Promise<LoadedPolicy> {
	for (const dir of typeof dirs === 'string' ? [dirs] : dirs) {
		try {
			const folder = await readPolicyFolder(dir, readers);
			if (folder) {
				return loadFolder(folder, dir, side);
			}
		} catch (error) {
			return inForce({policy: emptyPolicy, errors: [asPolicyError(error, dir)], dir});
		}
	}

	return inForce({policy: emptyPolicy, errors: [], dir: undefined});
}

type Read = Omit<LoadedPolicy, 'hostSilenceS' | 'warnings'> & Partial<LoadedPolicy>;

/** What was read, with what follows from the policy in it. */
export function inForce(read: Read): LoadedPolicy {
	const seconds = read.policy.hostSilence?.seconds ?? hostSilence.usual;

	return {
		warnings: [],
		...read,
		hostSilenceS: seconds === 'never' ? undefined : seconds,
	};
}

function loadFolder({files, ignored}: PolicyFolder, dir: string, side?: Side): LoadedPolicy {
	const {policies, errors} = parseFiles(files);
	const policy = errors.length > 0 ? emptyPolicy : joinPolicies(policies);
	const told = [
		...(files.length === 0 ? [emptyFolder(dir)] : []),
		...ignored.map(name => ignoredFile(join(dir, name))),
	];
	const pathOf = (file: string) => join(dir, file);
	const ofRules =
		errors.length > 0
			? []
			: [...policyWarnings(policy, side, pathOf), ...hiddenSilences(policies, pathOf)];

	return inForce({policy, errors, warnings: [...told, ...ofRules], dir});
}

/* Whoever made it may mean that nothing is allowed, so it does not count as absent. */
function emptyFolder(dir: string): string {
	const message =
		'holds no *.yaml file, so nothing is allowed; without it, packaged policy counts';

	return formatWarning({...top, file: dir, where: 'file', message});
}

/** Of a file whose name keeps it from being read. */
export function ignoredFile(path: string): string {
	const message = 'is not read: its name does not end in .yaml, or begins with a dot';

	return formatWarning({...top, file: path, where: 'file', message});
}

const top = {line: 1, column: 1};

function parseFiles(files: readonly PolicyFile[]) {
	const policies: Policy[] = [];
	const errors: PolicyError[] = [];

	for (const file of files) {
		try {
			policies.push(parseFile(file));
		} catch (error) {
			errors.push(asPolicyError(error, file.path));
		}
	}

	return {policies, errors};
}

function joinPolicies(policies: readonly Policy[]): Policy {
	const tags = policies.flatMap(policy => policy.tags ?? []);

	return {
		...(tags.length > 0 && {tags}),
		pairs: policies.flatMap(policy => policy.pairs),
		accept: policies.flatMap(policy => policy.accept),
		hostSilence: policies.find(policy => policy.hostSilence !== undefined)?.hostSilence,
	};
}

/** The rules of one file of a directory, or of one that is to become that. Throws PolicyError. */
export function parseFile({name, path, content}: PolicyFile): Policy {
	if (content instanceof Error) {
		throw unreadable(path, 'a file', content);
	}
	// Silently ignored rules would be worse than a complaint.
	if (name.endsWith('.yml')) {
		throw fileError(path, 'expected a name that ends in .yaml, got .yml');
	}

	return parsePolicy(content, path, name);
}

function asPolicyError(error: unknown, file: string): PolicyError {
	if (error instanceof PolicyError) {
		return error;
	}

	return fileError(file, `expected a policy, got ${codeOf(error)}`, {cause: error});
}
