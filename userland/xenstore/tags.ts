// SPDX-License-Identifier: MIT
import {tagName} from '../policy/who.ts';
import {tags as root, tagsPath} from './paths.ts';
import type {Store, StorePath} from './store.ts';

/** What dom0 says of a domain in XenStore: its tags, or why nobody can go by what stands there. */
export type DomainTags = {readonly tags: readonly string[]} | {readonly problem: string};

/** More would not fit into an announcement, beside all else. */
const tagsMax = 16;

/**
 * Undefined where dom0 says nothing. What a guest may write says nothing of it, nor what it may remove: a tag may be what
 * a `deny` goes by.
 */
export async function readTags(
	store: Store,
	uuid: string | undefined,
): Promise<DomainTags | undefined> {
	const path = uuid === undefined ? undefined : tagsPath(uuid);
	const text = path && (await store.read(path));
	if (path === undefined || text === undefined) {
		return undefined;
	}
	const writers = await Promise.all(
		[parentOf(root), root, path].map(async each => ({
			each,
			writer: await writerOf(store, each),
		})),
	);
	const open = writers.find(({writer}) => writer !== undefined);
	if (open) {
		return {
			problem: `domain ${open.writer} may write ${open.each}: xenstore-chmod ${open.each} n0`,
		};
	}

	return parseTags(text) ?? {problem: `${path} is not a list of tags: ${JSON.stringify(text)}`};
}

/** With blanks between; each once. */
export function parseTags(text: string): {readonly tags: readonly string[]} | undefined {
	const tags = [...new Set(text.split(/\s+/).filter(tag => tag !== ''))].sort();

	return tags.length <= tagsMax && tags.every(tag => tagName.test(tag)) ? {tags} : undefined;
}

/** The first domain besides dom0 that may; the owner always may, and the owner's word is for all that are not named. */
async function writerOf(store: Store, path: StorePath): Promise<number | string | undefined> {
	const [owner, ...others] = await store.getPermissions(path);
	const mayWrite = (access: string) => access === 'write' || access === 'both';
	if (owner?.domid !== 0) {
		return owner?.domid ?? 'nobody knows which';
	}
	if (mayWrite(owner.access)) {
		return 'any';
	}

	return others.find(({domid, access}) => domid !== 0 && mayWrite(access))?.domid;
}

function parentOf(path: StorePath): StorePath {
	return path.slice(0, path.lastIndexOf('/'));
}
