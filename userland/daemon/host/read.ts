// SPDX-License-Identifier: MIT
import {parseDeclined, type Declined} from '../../xenstore/declined.ts';
import {numbers, pathsOf} from '../../xenstore/paths.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';
import {parseOffer, type OfferValue} from '../../xenstore/values.ts';

/** What a domain was told about one other, as the nodes have it. */
export type FromHost = {
	readonly peer: string | undefined;
	readonly offer: string | undefined;
	readonly declined: string | undefined;
};

/** What a domain says about one other. */
export type FromGuest = {
	readonly offer: OfferValue | undefined;
	readonly declined: Declined | undefined;
};

/** At a time, so that one domain with a thousand peers does not fill the connection. */
const batch = 64;

/** By the domid that it is about. */
export async function readFromHost(store: Store, domid: number): Promise<Map<number, FromHost>> {
	const {peers, relayed, declinedBy} = pathsOf(domid);
	const listed = [peers, relayed, declinedBy].map(async path => numbers(await store.list(path)));
	const [announced = [], offers = [], declines = []] = await Promise.all(listed);
	const abouts = [...new Set([...announced, ...offers, ...declines])];
	const [hasOffer, hasDecline] = [new Set(offers), new Set(declines)];
	const read = async (about: number) => {
		const [peer, offer, declined] = await Promise.all([
			store.read(`${peers}/${about}`),
			hasOffer.has(about) ? store.read(`${relayed}/${about}`) : undefined,
			hasDecline.has(about) ? store.read(`${declinedBy}/${about}`) : undefined,
		]);

		return [about, {peer, offer, declined}] as const;
	};
	const found = new Map<number, FromHost>();

	for (let start = 0; start < abouts.length; start += batch) {
		const some = await Promise.all(abouts.slice(start, start + batch).map(read));
		some.forEach(([about, texts]) => found.set(about, texts));
	}

	return found;
}

/** About whom the domain is told anything; one request, for who wants to know whether that is as it was. */
export async function listAnnounced(store: Store, domid: number): Promise<number[]> {
	return numbers(await store.list(pathsOf(domid).peers));
}

/**
 * About whom the domain may say something. It may put a thousand names there, so that names are all that is
 * asked for.
 */
export async function listMentioned(store: Store, domid: number): Promise<Set<number>> {
	const {offers, declined} = pathsOf(domid);
	const names = await Promise.all([store.list(offers), store.list(declined)]);

	return new Set(numbers(names.flat()));
}

export async function readFromGuest(
	store: Store,
	domid: number,
	about: number,
): Promise<FromGuest> {
	const [offer, declined] = await Promise.all([
		readOffer(store, domid, about),
		readDeclined(store, domid, about),
	]);

	return {offer, declined};
}

export async function readOffer(
	store: Store,
	domid: number,
	about: number,
): Promise<OfferValue | undefined> {
	return parse(store, `${pathsOf(domid).offers}/${about}`, parseOffer);
}

export async function readDeclined(
	store: Store,
	domid: number,
	about: number,
): Promise<Declined | undefined> {
	return parse(store, `${pathsOf(domid).declined}/${about}`, parseDeclined);
}

async function parse<T>(
	store: Store,
	path: StorePath,
	parser: (text: string) => T | undefined,
): Promise<T | undefined> {
	return parser((await store.read(path)) ?? '');
}
