// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdtemp, rename, rm, utimes} from 'node:fs/promises';
import path from 'node:path';
import type {Lab} from './lab.ts';
import {cache} from './paths.ts';

/** What tests begin with beside bare machines; made once, then restored. */
export type Beginning = {
	/** Whatever decides what `make` makes, beside the lab itself; throws Skip where the lab is none for it. */
	readonly key: () => Promise<string>;
	readonly make: (lab: Lab) => Promise<void>;
};

/** The disk with that snapshot; `save` makes it in a folder that is to be had by nobody before it is whole. */
export async function begun(
	{key}: Beginning,
	base: string,
	save: (disk: string) => Promise<void>,
): Promise<string> {
	const hash = createHash('sha256')
		.update(base)
		.update(await key());
	const folder = path.join(
		cache,
		`${path.basename(path.dirname(base))}-${hash.digest('hex').slice(0, 12)}`,
	);
	const disk = path.join(folder, 'disk.qcow2');
	if (!existsSync(disk)) {
		const draft = await mkdtemp(path.join(cache, 'snapshot-draft-'));
		try {
			await save(path.join(draft, 'disk.qcow2'));
			await rename(draft, folder);
		} catch (error) {
			await rm(draft, {recursive: true, force: true});
			throw error;
		}
	}
	await utimes(folder, new Date(), new Date());

	return disk;
}
