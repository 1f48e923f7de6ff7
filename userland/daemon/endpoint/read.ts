// SPDX-License-Identifier: MIT
import {ColoopError} from '../../errors.ts';
import type {Kernel} from '../../kernel/kernel.ts';
import {readValues} from '../../xenstore/discover.ts';
import {numbers, parseDomid, type Own} from '../../xenstore/paths.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';
import {parseDeclined} from '../../xenstore/declined.ts';
import {parseAnnouncement} from '../../xenstore/announcement.ts';
import {parseOffer} from '../../xenstore/values.ts';
import type {Known} from './steps.ts';

/** What we are told, what we say, and what the kernel has. Throws rather than knowing half. */
export async function readKnown(
	store: Store,
	paths: Own,
	kernel: Kernel | undefined,
): Promise<Known> {
	const domid = await readDomid(store, paths);
	const list = async (path: string) => numbers(await store.list(path));
	const own = await list(paths.offers);

	return {
		domid,
		hello: await store.read(paths.hello),
		announced: await readValues(store, paths.peers, await list(paths.peers), parseAnnouncement),
		relayed: await readValues(store, paths.relayed, await list(paths.relayed), parseOffer),
		own: await readValues(store, paths.offers, own, parseOffer),
		stats: await list(paths.stats),
		declined: await readDeclined(store, paths.declined),
		declinedBy: await readValues(
			store,
			paths.declinedBy,
			await list(paths.declinedBy),
			parseDeclined,
		),
		kernel: kernel && new Map((await kernel.peers()).map(peer => [peer.domid, peer])),
	};
}

async function readDeclined(store: Store, path: StorePath): Promise<Known['declined']> {
	if ((await store.read(path)) === undefined) {
		return undefined;
	}

	return readValues(store, path, numbers(await store.list(path)), parseDeclined);
}

async function readDomid(store: Store, paths: Own): Promise<number> {
	const text = await store.read(paths.domid);
	const domid = parseDomid(text ?? (paths.domid.startsWith('/') ? '0' : ''));
	if (domid !== undefined) {
		return domid;
	}
	throw new ColoopError('STORE', `${paths.domid}: expected our domid, got "${text ?? ''}"`);
}
