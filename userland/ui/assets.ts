// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {ColoopError} from '../errors.ts';

export type Asset = {readonly type: string; readonly body: Buffer};

const files = {
	'/': ['index.html', 'text/html; charset=utf-8'],
	'/page.css': ['page.css', 'text/css; charset=utf-8'],
	'/page.js': ['page.js', 'text/javascript; charset=utf-8'],
	'/details.js': ['details.js', 'text/javascript; charset=utf-8'],
	'/picture.js': ['picture.js', 'text/javascript; charset=utf-8'],
	'/table.js': ['table.js', 'text/javascript; charset=utf-8'],
	'/words.js': ['words.js', 'text/javascript; charset=utf-8'],
	'/icon.svg': ['icon.svg', 'image/svg+xml'],
} as const;

/** Beside the bundle that this file is part of; in the tree, where it was compiled from. */
const places = ['ui/', '../../../../userland/ui/page/'].map(
	place => new URL(place, import.meta.url),
);

/** The files of the page, by the path under which they are served. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
	for (const place of places) {
		const found = await readAll(place).catch(() => undefined);
		if (found) {
			return found;
		}
	}
	const tried = places.map(place => fileURLToPath(place)).join(', ');
	throw new ColoopError('USAGE', `the files of the page are in none of ${tried}`, {
		hint: 'install the package coloop again',
	});
}

async function readAll(place: URL): Promise<Map<string, Asset>> {
	const read = Object.entries(files).map(async ([path, [name, type]]) => {
		const body = await readFile(new URL(name, place));

		return [path, {type, body}] as const;
	});

	return new Map(await Promise.all(read));
}
