// SPDX-License-Identifier: MIT
import {stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {ColoopError} from './errors.ts';

/** Throws USAGE where the folder of a file to come is none. Of a socket's Node would say that access is denied. */
export async function needFolder(path: string): Promise<void> {
	const folder = dirname(path);
	const there = await stat(folder).catch(() => undefined);
	if (!there?.isDirectory()) {
		const what = there ? `${folder} is no folder` : `there is no folder ${folder}`;
		throw new ColoopError('USAGE', `${path}: ${what}`, {
			hint: 'make it, or name a file in one that is there',
		});
	}
}
