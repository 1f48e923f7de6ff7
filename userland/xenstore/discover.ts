// SPDX-License-Identifier: MIT
import {availableParallelism} from 'node:os';
import {dom0Name} from '../domain-name.ts';
import {domainPath, domains, numbers, pathsOf, targetPath, vmPath} from './paths.ts';
import type {Store, StorePath} from './store.ts';
import {readTags, type DomainTags} from './tags.ts';
import {parseHello, type Hello} from './values.ts';
import {readForeignVifs, readVifs, type ForeignVif, type Vif} from './vifs.ts';

/** A domain as dom0 sees it, without what it and dom0 say to each other about its peers. */
export type Domain = {
	readonly domid: number;
	readonly name: string;
	/** In small letters; undefined where the toolstack gave it none. */
	readonly uuid: string | undefined;
	/** Those that dom0 gives it in XenStore, beside those of policy's files; undefined: none. */
	readonly tagged?: DomainTags | undefined;
	/** Those that dom0's netback serves, and those that another domain's does. */
	readonly vifs: readonly Vif[];
	readonly foreignVifs: readonly ForeignVif[];
	/** Those that the toolstack has put on line; at least 1. */
	readonly vcpus: number;
	/** Undefined where the domain says nothing, or nothing that parses. */
	readonly hello: Hello | undefined;
	/** What a host role has left in its tree when it prepared it. */
	readonly host: string | undefined;
};

/** Left in a tree whose domain went away while we wrote to it: nothing but our own node. */
type Leftover = {readonly domid: number; readonly isLeftover: true};

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
): Promise<Domain | Leftover | undefined> {
	const paths = pathsOf(domid);
	/* All at once: hardly any needs another's answer. */
	const vmAnswer = store.read(vmPath(domid));
	const uuidAnswer = vmAnswer.then(parseUuid);
	const [named, target, host, hello, uuid, tagged, vifs, foreignVifs, vcpus] = await Promise.all([
		store.read(paths.name),
		store.read(targetPath(domid)),
		store.read(paths.host),
		readHello(store, domid),
		uuidAnswer,
		uuidAnswer.then(each => readTags(store, each)),
		domid === 0 ? [] : readVifs(store, domid, vmAnswer),
		domid === 0 ? [] : readForeignVifs(store, domid),
		readVcpus(store, domid),
	]);
	if (target !== undefined && domid !== 0) {
		return undefined;
	}
	const name = named ?? (domid === 0 ? dom0Name : undefined);
	if (name === undefined || name === '') {
		return readLeftover(store, domid);
	}

	return {
		...{domid, name, uuid, vifs, foreignVifs, vcpus, hello, host},
		...(tagged && {tagged}),
	};
}

export async function readHello(store: Store, domid: number): Promise<Hello | undefined> {
	return parseHello((await store.read(pathsOf(domid).hello)) ?? '');
}

async function readLeftover(store: Store, domid: number): Promise<Leftover | undefined> {
	return isLeftover(await store.list(domainPath(domid))) ? {domid, isLeftover: true} : undefined;
}

/** Whether a domain's tree has nothing but what dom0's host role wrote into it. */
export function isLeftover(children: readonly string[]): boolean {
	return children.length === 1 && children[0] === 'coloop';
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
	if (domid === 0 && listed.length === 0) {
		return availableParallelism();
	}
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
