// SPDX-License-Identifier: MIT
import {availableParallelism} from 'node:os';
import {parseDeclined, type Declined} from './declined.ts';
import {
	parseAnnouncement,
	parseHello,
	parseOffer,
	type Announcement,
	type Hello,
	type OfferValue,
} from './values.ts';
import {domainPath, domains, numbers, pathsOf, targetPath, vmPath} from './paths.ts';
import type {Store, StorePath} from './store.ts';
import {readForeignVifs, readVifs, type ForeignVif, type Vif} from './vifs.ts';

/** A domain as dom0 sees it. Values that do not parse are undefined and counted. */
export type Domain = {
	readonly domid: number;
	readonly name: string;
	/** In small letters; undefined where the toolstack gave it none. */
	readonly uuid: string | undefined;
	/** Those that dom0's netback serves, and those that another domain's does. */
	readonly vifs: readonly Vif[];
	readonly foreignVifs: readonly ForeignVif[];
	/** Those that the toolstack has put on line; at least 1. */
	readonly vcpus: number;
	readonly hello: Hello | undefined;
	/** Its offers, by the domid they are for. */
	readonly offers: ReadonlyMap<number, OfferValue | undefined>;
	/** Why it keeps peers to the ordinary path, by their domid. */
	readonly declined: ReadonlyMap<number, Declined | undefined>;
	/** What the host role has told it: protocol, peers, and offers of others by their domid. */
	readonly host: string | undefined;
	readonly announced: ReadonlyMap<number, Announcement | undefined>;
	readonly relayed: ReadonlyMap<number, OfferValue | undefined>;
	readonly declinedBy: ReadonlyMap<number, Declined | undefined>;
	readonly malformed: number;
};

/** Left in a tree whose domain went away while we wrote to it: nothing but our own node. */
export type Remains = {readonly domid: number; readonly remains: true};

export async function listDomids(store: Store): Promise<number[]> {
	return numbers(await store.list(domains));
}

/**
 * Everything that matters about one domain; undefined where there is none (or not yet), and for a stub
 * domain. That runs the device model of another, and has a vif with the address of each emulated card
 * of that one: the guest behind the address is the other, which is reached through its own vif once
 * its netfront has taken over from the emulated card, and is not connected before.
 */
export async function readDomain(
	store: Store,
	domid: number,
): Promise<Domain | Remains | undefined> {
	const paths = pathsOf(domid);
	/* All at once: none needs another's answer. */
	const [named, target, told, hello, vm, vifs, foreignVifs, vcpus] = await Promise.all([
		store.read(paths.name),
		store.read(targetPath(domid)),
		readTold(store, domid),
		store.read(paths.hello),
		store.read(vmPath(domid)),
		domid === 0 ? [] : readVifs(store, domid),
		domid === 0 ? [] : readForeignVifs(store, domid),
		readVcpus(store, domid),
	]);
	if (target !== undefined && domid !== 0) return undefined;
	const name = named ?? (domid === 0 ? 'Domain-0' : undefined);
	if (name === undefined || name === '') return readRemains(store, domid);

	const peers = [...told.announced.keys()];
	const offers = await readValues(store, paths.offers, peers, parseOffer);
	const declined = await readDeclined(store, paths.declined, peers);
	const parsed = hello === undefined ? undefined : parseHello(hello);
	const said = [...offers.values(), ...declined.values()];
	const bad = said.filter(value => value === undefined).length;
	return {
		domid,
		name,
		uuid: parseUuid(vm),
		vifs,
		foreignVifs,
		vcpus,
		hello: parsed,
		offers,
		declined,
		...told,
		malformed: bad + (hello !== undefined && parsed === undefined ? 1 : 0),
	};
}

/*
 * A guest's own directories are never listed: it may have put a thousand names there. We ask for
 * the few that we announced.
 */
async function readTold(store: Store, domid: number) {
	const paths = pathsOf(domid);
	const values = async <T>(path: StorePath, parse: (text: string) => T | undefined) =>
		readValues(store, path, numbers(await store.list(path)), parse);
	const [host, announced, relayed, declinedBy] = await Promise.all([
		store.read(paths.host),
		values(paths.peers, parseAnnouncement),
		values(paths.relayed, parseOffer),
		values(paths.declinedBy, parseDeclined),
	]);
	return {host, announced, relayed, declinedBy};
}

/** Most decline nobody, and have no directory: one read instead of one for each peer. */
async function readDeclined(store: Store, path: StorePath, peers: readonly number[]) {
	const isThere = (await store.read(path)) !== undefined;
	return readValues(store, path, isThere ? peers : [], parseDeclined);
}

async function readRemains(store: Store, domid: number): Promise<Remains | undefined> {
	const children = await store.list(domainPath(domid));
	return children.length === 1 && children[0] === 'coloop' ? {domid, remains: true} : undefined;
}

/** Of `/vm/<uuid>`, as libxl and xenopsd write it; Xen's own domains have one of zeros. */
function parseUuid(vm: string | undefined): string | undefined {
	const uuid = /^\/vm\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(vm ?? '')?.[1];

	return uuid === undefined || /^[0-]+$/.test(uuid) ? undefined : uuid.toLowerCase();
}

async function readVcpus(store: Store, domid: number): Promise<number> {
	const cpus = `${domainPath(domid)}/cpu`;
	const listed = await store.list(cpus);
	// Nobody writes dom0's before `xl vcpu-set`; but that is where we are.
	if (domid === 0 && listed.length === 0) return availableParallelism();
	const states = await Promise.all(listed.map(cpu => store.read(`${cpus}/${cpu}/availability`)));
	return Math.max(1, states.filter(state => state === 'online').length);
}

/** Reads `<path>/<domid>` for each; a node that is there but does not parse maps to undefined. */
export async function readValues<T>(
	store: Store,
	path: StorePath,
	domids: readonly number[],
	parse: (text: string) => T | undefined,
): Promise<Map<number, T | undefined>> {
	const read = async (domid: number) => {
		const text = await store.read(`${path}/${domid}`);
		return text === undefined ? undefined : ([domid, parse(text)] as const);
	};
	const entries = await Promise.all(domids.map(read));
	return new Map(entries.filter(entry => entry !== undefined));
}
