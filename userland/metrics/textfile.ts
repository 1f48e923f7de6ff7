// SPDX-License-Identifier: MIT
import {open, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {makeFile} from '../new-file.ts';

/**
 * Replaces the file at once: a reader sees the old page or the new one. The name on the way does not end in
 * `.prom`, which is what node_exporter reads. Everyone may read it, as node_exporter is not root.
 */
export async function writeTextfile(path: string, page: string): Promise<void> {
	await makeFile(path, () => replace(path, page));
}

async function replace(path: string, page: string): Promise<void> {
	const partial = join(dirname(path), `.${basename(path)}.${process.pid}`);
	try {
		await rm(partial, {force: true});
		const file = await open(partial, 'wx', 0o644);
		try {
			await file.chmod(0o644);
			await file.writeFile(page);
		} finally {
			await file.close();
		}
		await rename(partial, path);
	} catch (error) {
		await rm(partial, {force: true}).catch(() => {});
		throw error;
	}
}
