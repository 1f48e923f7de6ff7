// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {documentsHere} from './fleet-documents.ts';
import {readPolicyFolder, type PolicyFolder} from '../policy/files.ts';
import {loadPolicy, policyDirs, type LoadedPolicy} from '../policy/load.ts';
import {fileError} from '../policy/parse.ts';
import {tokenOfFiles} from '../policy/token.ts';

/** The policy of a directory, or the installed one. Throws where it is broken, or there is no such directory. */
export async function readPolicy(directory: string | undefined): Promise<LoadedPolicy> {
	const loaded = await loadPolicy(directory ?? policyDirs, {
		documents: directory === undefined ? await documentsHere() : [],
	});
	if (directory !== undefined && loaded.dir === undefined) {
		throw fileError(directory, 'expected a directory, got none');
	}
	refuseBroken(loaded);

	return loaded;
}

export function refuseBroken({errors}: Pick<LoadedPolicy, 'errors'>): void {
	if (errors.length === 0) {
		return;
	}
	const message = errors.map(error => error.message).join('\n');
	throw new ColoopError('POLICY', message, {
		hint: 'mend the files; until then nothing is decided',
	});
}

/**
 * Names what a directory holds: another word after any change of a file in it. Who changes the policy says
 * from which state, so that what another did meanwhile is not lost.
 */
export async function tokenOf(directory: string): Promise<string> {
	return tokenOfFolder(await readPolicyFolder(directory));
}

export function tokenOfFolder(folder: PolicyFolder | undefined): string {
	return tokenOfFiles(folder?.files ?? []);
}
