// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {mkdir, open, readFile, rename, rm} from 'node:fs/promises';
import {basename, join, resolve} from 'node:path';
import {ColoopError} from '../errors.ts';
import {documentsBeside} from './fleet-documents.ts';
import {changesBetween, type Change} from '../policy/compare.ts';
import {isPolicy, realReaders, type Readers} from '../policy/files.ts';
import {loadPolicy, policyDirs, type LoadedPolicy} from '../policy/load.ts';
import {maxFileBytes} from '../policy/parse.ts';
import {refuseBroken, tokenOf} from './policy-read.ts';

/** A file that is to be installed under its name. */
export type Proposal = {
	/** Where it is to be installed. */
	readonly directory: string;
	readonly name: string;
	readonly content: Uint8Array;
};

export type Outcome = {
	readonly changes: readonly Change[];
	/** Of the policy as it would be. */
	readonly warnings: readonly string[];
	/** What the directory holds before. */
	readonly token: string;
	readonly path: string;
};

/** Where administrators write. */
export const siteDirectory = policyDirs[0];

/** Reads what is proposed: a file, or `-` for standard input, which needs a name. Throws USAGE. */
export async function readProposal(
	path: string,
	{name, directory = siteDirectory}: {readonly name?: string; readonly directory?: string},
	input: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Proposal> {
	const as = name ?? (path === '-' ? '30-user.yaml' : basename(path));
	if (!isPolicy(as) || as.includes('/')) {
		throw new ColoopError(
			'USAGE',
			`expected a name that ends in .yaml and has no /, got ${as}`,
			{
				hint: '--as 30-user.yaml says under which name it is installed',
			},
		);
	}
	const content = path === '-' ? await readInput(input) : await readFile(path).catch(refuseFile);

	return {directory: resolve(directory), name: as, content};

	function refuseFile(error: unknown): never {
		throw new ColoopError('USAGE', `${path}: ${(error as Error).message}`);
	}
}

async function readInput(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	const pieces: Uint8Array[] = [];
	for await (const piece of input) {
		pieces.push(piece);
		if (pieces.reduce((sum, {length}) => sum + length, 0) > maxFileBytes) {
			break;
		}
	}

	return Buffer.concat(pieces);
}

/**
 * What it would change, read as if it were installed. Throws POLICY where that policy would be broken, or the
 * directory holds something else than when it had the expected token.
 */
export async function propose(proposal: Proposal, expected?: string): Promise<Outcome> {
	const {directory} = proposal;
	const token = await tokenOf(directory);
	if (expected !== undefined && expected !== token) {
		throw new ColoopError('POLICY', `${directory} has changed since token ${expected}`, {
			hint: `look again with coloop policy diff; its token is ${token} now`,
		});
	}
	const dirs = [directory, ...policyDirs.slice(1)];
	const documents = await documentsBeside(directory);
	const before = await loadPolicy(dirs, {documents});
	const after = await loadPolicy(dirs, {documents, readers: withProposal(proposal)});
	refuseBroken(after);

	return {
		changes: changesBetween(before.policy, after.policy),
		warnings: [...hides(before, after), ...after.warnings],
		token,
		path: join(directory, proposal.name),
	};
}

/** The first file of a directory ends the packaged policy. */
function hides(before: LoadedPolicy, after: LoadedPolicy): string[] {
	const isLeft = before.dir !== undefined && before.dir !== after.dir;

	return isLeft && before.policy.accept.length + before.policy.pairs.length > 0
		? [`${before.dir} is not read any more: include its files to keep its rules`]
		: [];
}

/** Installs it by one rename; throws as `propose` does, and changes nothing then. */
export async function install(proposal: Proposal, token: string | undefined): Promise<Outcome> {
	const {directory, name, content} = proposal;
	await mkdir(directory, {recursive: true, mode: 0o755});

	return await alone(directory, async () => {
		const outcome = await propose(proposal, token);
		const temporary = join(directory, `.${name}.${process.pid}`);
		try {
			await writeDurably(temporary, content);
			await rename(temporary, outcome.path);
		} finally {
			await rm(temporary, {force: true});
		}

		return outcome;
	});
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
	const handle = await open(path, 'wx', 0o644);
	try {
		await handle.writeFile(content);
		await handle.sync();
	} finally {
		await handle.close();
	}
}

/** One at a time: the directory is locked (flock(2)) for as long as it is open here. */
async function alone<T>(directory: string, act: () => Promise<T>): Promise<T> {
	const handle = await open(directory, 'r');
	try {
		const child = spawn('flock', ['--nonblock', '3'], {
			stdio: ['ignore', 'ignore', 'ignore', handle.fd],
		});
		const status = await new Promise((resolve, reject) => {
			child.once('error', reject);
			child.once('close', resolve);
		});
		if (status !== 0) {
			throw new ColoopError('POLICY', `${directory} is being changed`, {
				hint: 'another coloop changes the policy; try again',
			});
		}

		return await act();
	} finally {
		await handle.close();
	}
}

/** The directory as it would be. */
function withProposal({directory, name, content}: Proposal): Readers {
	const path = join(directory, name);

	return {
		async readdir(dir) {
			if (dir !== directory) {
				return await realReaders.readdir(dir);
			}
			const names = await realReaders.readdir(dir).catch(error => {
				if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
					return [];
				}
				throw error;
			});

			return [...new Set([...names, name])];
		},
		readFile: async each => (each === path ? content : await realReaders.readFile(each)),
		readIncluded: async each =>
			each === path ? content : await realReaders.readIncluded(each),
	};
}
