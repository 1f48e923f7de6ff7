// SPDX-License-Identifier: MIT
import {join} from 'node:path';
import {isDocument} from './documents.ts';
import {formatWarning} from './errors.ts';
import type {PolicyFolder} from './files.ts';

const top = {line: 1, column: 1};

/** A directory without a policy. */
export function emptyFolder(dir: string): string {
	const message = 'holds no *.yaml file, so nothing is allowed';

	return formatWarning({...top, file: dir, where: 'file', message});
}

/** Of each file of a directory that is not read. */
export function ignoredFiles(dir: string, {ignored}: PolicyFolder): string[] {
	return ignored.map(name => ignoredFile(isDocument(name) ? name : join(dir, name)));
}

/** Of a file whose name keeps it from being read. */
export function ignoredFile(path: string): string {
	const message = 'is not read: its name does not end in .yaml, or begins with a dot';

	return formatWarning({...top, file: path, where: 'file', message});
}
