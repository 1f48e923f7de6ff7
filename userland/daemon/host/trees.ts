// SPDX-License-Identifier: MIT
import {readHello} from '../../xenstore/discover.ts';
import {refusalName} from '../../xenstore/errors.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Hello} from '../../xenstore/values.ts';
import {describe, type Log} from '../log.ts';
import type {GuestNode} from './guest-nodes.ts';
import {
	listAnnounced,
	listMentioned,
	readDeclined,
	readFromGuest,
	readFromHost,
	readOffer,
	type FromGuest,
	type FromHost,
} from './read.ts';

/** What XenStore has of what a domain was told and says, by the domid that it is about. */
export type Tree = {
	readonly fromHost: ReadonlyMap<number, FromHost>;
	readonly fromGuest: ReadonlyMap<number, FromGuest>;
	/** About whom it may say something. */
	readonly mentioned: ReadonlySet<number>;
};

const batch = 64;

/**
 * Reads what a domain was told, and what it says of those for which `isWanted` holds. Undefined where
 * XenStore refuses it; throws when the connection is lost.
 */
export async function readTree(
	store: Store,
	domid: number,
	log: Log,
	isWanted: (about: number) => boolean,
): Promise<Tree | undefined> {
	try {
		const [fromHost, mentioned] = await Promise.all([
			readFromHost(store, domid),
			listMentioned(store, domid),
		]);
		const abouts = new Set([...fromHost.keys(), ...mentioned]);
		const fromGuest = await readAllFromGuest(
			store,
			domid,
			[...abouts].filter(isWanted),
			mentioned,
		);

		return {fromHost, fromGuest, mentioned};
	} catch (error) {
		if (refusalName(error) === undefined) {
			throw error;
		}
		log.warn('domain.unread', {domid, ...describe(error)});

		return undefined;
	}
}

/** What a domain says of these. */
async function readAllFromGuest(
	store: Store,
	domid: number,
	abouts: readonly number[],
	mentioned: ReadonlySet<number>,
): Promise<Map<number, FromGuest>> {
	const fromGuest = new Map<number, FromGuest>();
	const read = async (about: number) =>
		fromGuest.set(
			about,
			mentioned.has(about)
				? await readFromGuest(store, domid, about)
				: {offer: undefined, declined: undefined},
		);

	for (let start = 0; start < abouts.length; start += batch) {
		await Promise.all(abouts.slice(start, start + batch).map(read));
	}

	return fromGuest;
}

/** What was found of a node that a guest changed. */
export type Heard =
	| {readonly hello: Hello | undefined}
	| {readonly about: number; readonly fromGuest: Partial<FromGuest>}
	| {readonly hello: Hello | undefined; readonly mentioned: ReadonlySet<number>}
	| {readonly areVifsChanged: true}
	| {readonly isRefused: true};

/** Throws when the connection is lost. */
export async function readGuestNode(
	store: Store,
	domid: number,
	node: GuestNode,
	log: Log,
): Promise<Heard> {
	try {
		switch (node.kind) {
			case 'hello':
				return {hello: await readHello(store, domid)};
			case 'names': {
				const hello = await readHello(store, domid);

				return {hello, mentioned: await listMentioned(store, domid)};
			}
			case 'vifs':
				return {areVifsChanged: true};
			case 'offer':
				return {
					about: node.about,
					fromGuest: {offer: await readOffer(store, domid, node.about)},
				};
			case 'declined':
				return {
					about: node.about,
					fromGuest: {declined: await readDeclined(store, domid, node.about)},
				};
		}
	} catch (error) {
		if (refusalName(error) === undefined) {
			throw error;
		}
		log.debug('domain.unread', {domid, ...describe(error)});

		return {isRefused: true};
	}
}

/** What shows whether a domain's tree is still as we know it, in fewer requests than all of it. */
export type Sample = {
	/** Whom the domain was told of. */
	readonly announced: ReadonlySet<number>;
	readonly fromGuest: ReadonlyMap<number, FromGuest>;
	readonly mentioned: ReadonlySet<number>;
};

/** Undefined where XenStore refuses it; throws when the connection is lost. */
export async function readSample(
	store: Store,
	domid: number,
	isWanted: (about: number) => boolean,
): Promise<Sample | undefined> {
	try {
		const [announced, mentioned] = await Promise.all([
			listAnnounced(store, domid),
			listMentioned(store, domid),
		]);
		const fromGuest = await readAllFromGuest(
			store,
			domid,
			[...mentioned].filter(isWanted),
			mentioned,
		);

		return {announced: new Set(announced), fromGuest, mentioned};
	} catch (error) {
		if (refusalName(error) === undefined) {
			throw error;
		}

		return undefined;
	}
}
