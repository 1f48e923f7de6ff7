// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import type {PolicyFile} from './files.ts';

/** Names what files hold, in their order: another word after any change of a name or a content. */
export function tokenOfFiles(files: ReadonlyArray<Pick<PolicyFile, 'name' | 'content'>>): string {
	const hash = createHash('sha256');
	for (const {name, content} of files) {
		hash.update(
			`${JSON.stringify(name)} ${content instanceof Error ? 'error' : content.length}\n`,
		);
		hash.update(content instanceof Error ? content.message : content);
	}

	return hash.digest('hex').slice(0, 16);
}
