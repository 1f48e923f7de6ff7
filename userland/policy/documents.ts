// SPDX-License-Identifier: MIT
import {posix} from 'node:path';
import {byName, isPolicy, type PolicyFile, type PolicyFolder} from './files.ts';

/** Policy that is kept elsewhere, by names as files of a policy have them. */
export type Documents = {
	/** Ends once there is something to read, or there will not be for a while. */
	ready(signal: AbortSignal): Promise<void>;
	read(): readonly PolicyFile[];
	/** Tells of changes until the signal aborts; never rejects. */
	follow(changed: () => void, signal: AbortSignal): Promise<void>;
	/** The policy that these are part of has no error. */
	accept(documents: readonly PolicyFile[]): void;
};

/** A path that is none of a file. */
export function isDocument(path: string): boolean {
	return path.startsWith('etcd:');
}

/** As if they stood in the directory, each behind the file of the same name. */
export function withDocuments(
	{files, ignored}: PolicyFolder,
	documents: readonly PolicyFile[],
): PolicyFolder {
	const read = documents.filter(({path}) => isPolicy(posix.basename(path)));

	return {
		files: [...files, ...read].sort((a, b) => byName(basename(a), basename(b))),
		ignored: [
			...ignored,
			...documents.filter(each => !read.includes(each)).map(({path}) => path),
		],
	};
}

function basename({name, path}: PolicyFile): string {
	return isDocument(path) ? posix.basename(path) : name;
}
