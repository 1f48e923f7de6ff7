// SPDX-License-Identifier: MIT
import {stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {ColoopError} from './errors.ts';

/**
 * Runs what makes a file of that path, a socket's among them. Throws USAGE, with what to do, where its folder is
 * none, or may not be written to.
 */
export async function makeFile<T>(path: string, make: () => Promise<T>): Promise<T> {
	await needFolder(path);
	try {
		return await make();
	} catch (cause) {
		throw refusalOf(path, cause) ?? cause;
	}
}

/** Looked at before, since Node says of a socket without a folder that access is denied. */
async function needFolder(path: string): Promise<void> {
	const folder = dirname(path);
	const there = await stat(folder).catch(() => undefined);
	if (!there?.isDirectory()) {
		const what = there ? `${folder} is no folder` : `there is no folder ${folder}`;
		throw new ColoopError('USAGE', `${path}: ${what}`, {
			hint: 'make it, or name a file in one that is there',
		});
	}
}

function refusalOf(path: string, cause: unknown): ColoopError | undefined {
	const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
	const [what, hint] = refusals(dirname(path))[code] ?? [];

	return what === undefined || hint === undefined
		? undefined
		: new ColoopError('USAGE', `${path}: ${what}`, {cause, hint});
}

/** The daemon's unit leaves root no way around modes of files, and nearly no folder to write to. */
function refusals(folder: string): Readonly<Record<string, readonly [what: string, hint: string]>> {
	const denied = `nothing can be made in ${folder} (access is denied)`;
	const another = 'name a file in a folder that root owns and may write to';

	return {
		EACCES: [denied, another],
		EPERM: [denied, another],
		EROFS: [
			`${folder} is read-only`,
			`name a file in another folder; to coloopd its unit opens one: systemctl edit coloopd, [Service] ReadWritePaths=${folder}`,
		],
		ENOSPC: [`the file system of ${folder} is full`, 'make room there'],
		EDQUOT: [`the quota of ${folder} is used up`, 'make room there'],
		EEXIST: ['it is there already', 'name another'],
		ENAMETOOLONG: ['the name is too long', 'name a shorter one'],
		EISDIR: ['a folder has that name', 'name a file'],
	};
}
