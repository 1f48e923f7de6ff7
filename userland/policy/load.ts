// SPDX-License-Identifier: MIT
import {resolve} from 'node:path';
import {isDocument, withDocuments} from './documents.ts';
import {PolicyError} from './errors.ts';
import {
	readPolicyFolder,
	realReaders,
	unreadable,
	type PolicyFile,
	type PolicyFolder,
	type Readers,
} from './files.ts';
import {asPolicyError, expand, newExpansion, TooLarge, type Expansion} from './include.ts';
import {joinPolicies} from './join.ts';
import {emptyFolder, ignoredFiles} from './not-read.ts';
import {fileError, parsePolicy} from './parse.ts';
import {hostSilence} from './silence.ts';
import {shorten} from './shorten.ts';
import type {Identity, Policy} from './types.ts';
import {unknownTags} from './tags.ts';
import {hiddenNumbers, policyWarnings, type Side} from './warnings.ts';

/** Where policy is looked for: the first of these directories that holds any. */
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
	/** The directory read, or the first where none holds a policy; undefined where none exists: no error. */
	readonly dir: string | undefined;
	/** Paths of the files that it includes, or wanted to. */
	readonly included?: readonly string[];
};

/** One directory, or several of which the first that holds a policy counts. */
export type PolicyDirs = string | readonly string[];

type LoadOptions = {
	readonly readers?: Readers;
	readonly side?: Side | undefined;
	/** All domains of the host, for warnings about names that none has. */
	readonly present?: readonly Identity[] | undefined;
	/** Of all files together. */
	readonly bytesMost?: number | undefined;
	/** What is kept elsewhere and stands among the files. */
	readonly documents?: readonly PolicyFile[] | undefined;
};

/** Reads and merges the files of a directory. One broken file makes the whole policy empty: half a policy may
 * lack just the deny that mattered. Throws nothing but TooLarge, where `bytesMost` says so. */
export async function loadPolicy(
	dirs: PolicyDirs = policyDirs,
	options: LoadOptions = {},
): Promise<LoadedPolicy> {
	const {readers = realReaders, documents = []} = options;
	const emptied: EmptyFolder[] = [];

	for (const dir of typeof dirs === 'string' ? [dirs] : dirs) {
		try {
			const folder = await readPolicyFolder(dir, readers);
			if (folder && folder.files.length > 0) {
				return await loadFolder(withDocuments(folder, documents), dir, emptied, options);
			}
			if (folder) {
				emptied.push({dir, folder});
			}
		} catch (error) {
			if (error instanceof TooLarge) {
				throw error;
			}

			return inForce({policy: emptyPolicy, errors: [asPolicyError(error, dir)], dir});
		}
	}

	if (documents.length > 0) {
		const folder = withDocuments({files: [], ignored: []}, documents);

		return await loadFolder(folder, emptied[0]?.dir, emptied, options);
	}

	return loadNothing(emptied);
}

type EmptyFolder = {readonly dir: string; readonly folder: PolicyFolder};

/** No directory holds a policy. */
function loadNothing([first, ...others]: readonly EmptyFolder[]): LoadedPolicy {
	const warnings = first
		? [
				emptyFolder(first.dir),
				...[first, ...others].flatMap(({dir, folder}) => ignoredFiles(dir, folder)),
			]
		: [];

	return inForce({policy: emptyPolicy, errors: [], warnings, dir: first?.dir});
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

/** `dir`: undefined where there is none, only documents. `emptied`: what was looked at before. */
async function loadFolder(
	folder: PolicyFolder,
	dir: string | undefined,
	emptied: readonly EmptyFolder[],
	options: LoadOptions,
): Promise<LoadedPolicy> {
	const expansion = newExpansion(options.bytesMost);
	for (const file of folder.files) {
		await expand(file, parseFile, expansion, options.readers ?? realReaders);
	}
	const pathOf = (file: string) => (isDocument(file) ? file : resolve(dir ?? '', file));
	const judged = judgeRules(expansion, options, pathOf);
	const before = emptied.flatMap(each => ignoredFiles(each.dir, each.folder));
	const warnings = [...before, ...ignoredFiles(dir ?? '', folder), ...judged.warnings];

	return inForce({...judged, warnings, dir, included: [...expansion.included]});
}

type Judged = Pick<LoadedPolicy, 'policy' | 'errors' | 'warnings'>;

function judgeRules(
	{policies, errors}: Expansion,
	{side, present}: LoadOptions,
	pathOf: (file: string) => string,
): Judged {
	const policy = joinPolicies(policies);
	const unknown = unknownTags(policy, pathOf);
	const all = [...errors, ...(errors.length === 0 && unknown ? [unknown] : [])];
	if (all.length > 0) {
		return {policy: emptyPolicy, errors: all, warnings: []};
	}
	const warnings = [
		...policyWarnings(policy, side, pathOf, present),
		...hiddenNumbers(policies, pathOf),
	];

	return {policy, errors: [], warnings};
}

/** A file by itself, before it stands beside others, which may give the tags that it has not. */
export async function loadFile(
	file: PolicyFile,
	{readers = realReaders, side, present}: LoadOptions = {},
): Promise<Judged> {
	const expansion = newExpansion();
	await expand(file, parseFile, expansion, readers);
	const {policies, errors} = expansion;
	const policy = joinPolicies(policies);
	if (errors.length > 0) {
		return {policy: emptyPolicy, errors, warnings: []};
	}

	return {policy, errors, warnings: policyWarnings(policy, side, undefined, present)};
}

/** The rules of one file of a directory, or of one that is to become that. Throws PolicyError. */
function parseFile({name, path, content}: PolicyFile): Policy {
	if (content instanceof Error) {
		throw unreadable(path, 'a file', content);
	}
	// Silently ignored rules would be worse than a complaint.
	if (name.endsWith('.yml')) {
		throw fileError(path, 'expected a name that ends in .yaml, got .yml');
	}

	const policy = parsePolicy(content, path, name);
	const [include] = policy.includes ?? [];
	if (include && isDocument(path)) {
		const message = `expected no include in a document of etcd, got ${shorten(include.path)}`;
		throw new PolicyError([{...include.source, file: path, where: 'include', message}]);
	}

	return policy;
}
