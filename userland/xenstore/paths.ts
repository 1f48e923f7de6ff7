// SPDX-License-Identifier: MIT
import type {StorePath} from './store.ts';

/*
 * Every path the project touches. `<A>`, `<B>` are domids; what the values look like stands in
 * values.ts.
 *
 *   /local/domain/<A>/coloop                 owner dom0, readable by A, written by the host role
 *       /host          "<protocol min> <max> <host epoch>"
 *       /peers/<B>     "<pair epoch> <name> <link>[,...] <rule digest> <ring pages> <queues>
 *                      [<least ring pages>] [<word>=<value> ...]", a link being
 *                      "<vif>:<local mac>:<remote mac>[:<mtu>]"; the words stand in words.ts
 *       /offers/<B>    B's offer to A: "<pair epoch> <state> <version> <control gref> <event port>"
 *       /declined/<B>  why B keeps A to the ordinary path, as B says it below
 *   /local/domain/<A>/data/coloop            owner A, written by A's endpoint role, read by dom0
 *       /hello         "<protocol min> <max> <features>"
 *       /offers/<B>    A's offer to B, in the same form
 *       /declined/<B>  "<code>[ <detail>]": why A keeps B to the ordinary path, see
 *                      declined.ts; at most one for each peer announced to A, and no
 *                      directory where there is none
 *       /stats/<B>     "<since, unix s> <tx packets> <tx bytes> <rx packets> <rx bytes>"
 *
 *   /coloop/alive                            owner dom0, readable by all: "<protocol min> <max> <host
 *                                            epoch> <count>", written anew by the host role every 10 s
 *
 *   /coloop/tags/<uuid>                      dom0's administrator or toolstack: "<tag> ...", tags of the domain that
 *                                            has this UUID; written by dom0 alone, read by the host role
 *
 *   /local/domain/<A>/name                   the toolstack's: what people call the domain
 *   /local/domain/<A>/vm                     the toolstack's: /vm/<uuid>
 *   /local/domain/<A>/target                 libxl's: A is the stub domain of this domid
 *   /local/domain/0/backend/vif/<A>/<n>      netback's end of A's n-th vif
 *   /local/domain/<A>/device/vif/<n>         netfront's end, which A may write to
 *       /xdp-headroom  "0", or the bytes that netback is to leave before each packet for XDP
 *   /libxl/<A>/device/vif/<n>/backend        libxl's: the path of netback's end, maybe not in dom0
 *   /xapi/<uuid>/private/vif/<n>             XAPI's: what its scripts are to do with the vif
 */

/**
 * Our own tree as the endpoint role spells it: relative in a guest, which must not know its domid
 * to find it; absolute in dom0, whose XenStore socket takes no relative path.
 */
export type Own = {
	readonly domid: StorePath;
	readonly name: StorePath;
	/** What dom0 tells us; the one subtree we watch. */
	readonly fromHost: StorePath;
	readonly host: StorePath;
	readonly peers: StorePath;
	readonly relayed: StorePath;
	readonly declinedBy: StorePath;
	/** What we tell dom0. */
	readonly fromGuest: StorePath;
	readonly hello: StorePath;
	readonly offers: StorePath;
	readonly declined: StorePath;
	readonly stats: StorePath;
};

export const domains: StorePath = '/local/domain';
export const domainIntroduced: StorePath = '@introduceDomain';
export const domainReleased: StorePath = '@releaseDomain';

/**
 * One node for all guests, so that saying that the host role lives costs one write however many there
 * are. It changes every 10 s, see daemon/host/alive.ts; who reads it compares it with what it said before.
 */
export const hostAlive: StorePath = '/coloop/alive';

/** What dom0 says of domains, by UUID. */
export const tags: StorePath = '/coloop/tags';

export function tagsPath(uuid: string): StorePath {
	return `${tags}/${uuid}`;
}

/** The UUID of a `/coloop/tags/<uuid>` path; undefined for their parent. */
export function tagsOwner(path: StorePath): string | undefined {
	return path.startsWith(`${tags}/`) ? path.slice(tags.length + 1).toLowerCase() : undefined;
}

/** Netback's ends of every vif of the host. */
export const vifBackends: StorePath = '/local/domain/0/backend/vif';

export function domainPath(domid: number): StorePath {
	return `${domains}/${domid}`;
}

/** The tree of a domain as the host role spells it. */
export function pathsOf(domid: number): Own {
	return below(`${domainPath(domid)}/`);
}

/** The tree of the domain we run in. */
export function ownPaths(isDom0: boolean): Own {
	return below(isDom0 ? `${domainPath(0)}/` : '');
}

export function vmPath(domid: number): StorePath {
	return `${domainPath(domid)}/vm`;
}

export function targetPath(domid: number): StorePath {
	return `${domainPath(domid)}/target`;
}

export function vifsPath(domid: number): StorePath {
	return `${vifBackends}/${domid}`;
}

/** Netfront's end. */
export function frontendPath(domid: number, handle: number): StorePath {
	return `${domainPath(domid)}/device/vif/${handle}`;
}

/** All that XAPI notes of its VMs; of none where there is no XAPI. */
export const xapi: StorePath = '/xapi';

/** `vm` is `/vm/<uuid>`. */
export function xapiVifPath(vm: string | undefined, handle: number): StorePath | undefined {
	const uuid = /^\/vm\/([0-9a-f-]{36})$/i.exec(vm ?? '')?.[1];

	return uuid === undefined ? undefined : `${xapi}/${uuid}/private/vif/${handle}`;
}

/** The UUID of a `/xapi/<uuid>/private/vif/...` path; undefined for any other. */
export function xapiVifOwner(path: StorePath): string | undefined {
	return /^\/xapi\/([0-9a-f-]{36})\/private\/vif\//i.exec(path)?.[1]?.toLowerCase();
}

export function libxlVifsPath(domid: number): StorePath {
	return `/libxl/${domid}/device/vif`;
}

/** The domid of a `/local/domain/0/backend/vif/<domid>/...` path, undefined for its parents. */
export function vifOwner(path: StorePath): number | undefined {
	const rest = path.startsWith(`${vifBackends}/`) ? path.slice(vifBackends.length + 1) : '';

	return parseDomid(rest.split('/')[0] ?? '');
}

/** Node names that are domids: plain decimals below Xen's reserved range. */
export function parseDomid(text: string): number | undefined {
	if (!/^(?:0|[1-9][0-9]{0,4})$/.test(text)) {
		return undefined;
	}
	const domid = Number(text);

	return domid < 0x7ff0 ? domid : undefined;
}

/** Those of the names that are domids, or vif numbers, in order. */
export function numbers(names: readonly string[]): number[] {
	return names
		.map(parseDomid)
		.filter(domid => domid !== undefined)
		.sort((a, b) => a - b);
}

function below(base: StorePath): Own {
	return {
		domid: `${base}domid`,
		name: `${base}name`,
		fromHost: `${base}coloop`,
		host: `${base}coloop/host`,
		peers: `${base}coloop/peers`,
		relayed: `${base}coloop/offers`,
		declinedBy: `${base}coloop/declined`,
		fromGuest: `${base}data/coloop`,
		hello: `${base}data/coloop/hello`,
		offers: `${base}data/coloop/offers`,
		declined: `${base}data/coloop/declined`,
		stats: `${base}data/coloop/stats`,
	};
}
