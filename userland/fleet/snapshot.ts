// SPDX-License-Identifier: MIT
import {posix} from 'node:path';
import {printable} from '../names.ts';
import {isPolicy, type PolicyFile} from '../policy/files.ts';
import {tokenOfFiles} from '../policy/token.ts';
import type {Etcd, Key} from './etcd.ts';
import {TooLong} from './http.ts';
import {allBytesMost, documentBytesMost, documentsMost} from './limits.ts';

/** What stands under a prefix at one revision of the store. */
export type Snapshot = {
	readonly prefix: string;
	/** Of the store when it was read. */
	readonly revision: number;
	/** In order of their keys. */
	readonly documents: readonly Document[];
};

type Document = Key & {
	/** What keeps it from being read, or its content. */
	readonly content: Uint8Array | Error;
};

/** All documents at one revision; of `known`, which is to be of the same etcd, those that did not change are not read again. */
export async function readSnapshot(
	etcd: Etcd,
	prefix: string,
	known: Snapshot | undefined,
	signal: AbortSignal,
): Promise<Snapshot> {
	const {revision, keys} = await etcd.list(prefix, documentsMost + 1, signal);
	if (known && areSameKeys(known.documents, keys)) {
		return {...known, revision};
	}
	if (keys.length > documentsMost) {
		return {
			prefix,
			revision,
			documents: keys.map(key => ({...key, content: tooMany})),
		};
	}
	const documents: Document[] = [];
	let left = allBytesMost;
	for (const key of keys) {
		const same = known?.documents.find(each => isSameKey(each, key))?.content;
		const isKnown = same !== undefined && !(same instanceof Error);
		const content = isKnown ? same : await contentOf(etcd, key, revision, signal);
		left -= content instanceof Error ? 0 : content.length;
		documents.push({...key, content: left < 0 ? tooMuch : content});
	}

	return {prefix, revision, documents};
}

const tooMany = new Error(`more than ${documentsMost} documents`);
const tooMuch = new Error(`more than ${allBytesMost} bytes in all documents together`);
const tooLong = new Error(`more than ${documentBytesMost} bytes`);

function isSameKey(a: Key, b: Key): boolean {
	return a.key === b.key && a.modRevision === b.modRevision;
}

function areSameKeys(some: readonly Key[], others: readonly Key[]): boolean {
	return (
		some.length === others.length &&
		some.every((each, index) => isSameKey(each, others[index] ?? each))
	);
}

async function contentOf(
	etcd: Etcd,
	{key}: Key,
	revision: number,
	signal: AbortSignal,
): Promise<Uint8Array | Error> {
	try {
		return (await etcd.get(key, revision, signal)) ?? new Error('nothing under its key');
	} catch (error) {
		if (error instanceof TooLong) {
			return tooLong;
		}
		throw error;
	}
}

/** The last revision at which one of them was written: the same on every host that has read the same. */
export function revisionOf({documents}: Pick<Snapshot, 'documents'>): number {
	return Math.max(0, ...documents.map(({modRevision}) => modRevision));
}

/** The same as of a directory that holds these policies. */
export function tokenOf(snapshot: Snapshot): string {
	const all = snapshot.documents.map(({key, content}) => ({
		...{name: nameIn(snapshot, key), content},
	}));

	return tokenOfFiles(all.filter(({name}) => isPolicy(posix.basename(name))));
}

/** The name that a file would have. */
export function nameIn({prefix}: Pick<Snapshot, 'prefix'>, key: string): string {
	return key.slice(prefix.length);
}

/** As policy reads it, under the name that messages have for it: `etcd:/coloop/policy/10-site.yaml`. */
export function filesOf(snapshot: Pick<Snapshot, 'prefix' | 'documents'>): PolicyFile[] {
	return snapshot.documents.map(({key, content}) => {
		const path = `etcd:${printable(key)}`;
		const isNested = nameIn(snapshot, key).includes('/');

		return {name: path, path, content: isNested ? nested : content};
	});
}

const nested = new Error('a name with a slash, as no file of a policy has');
