// SPDX-License-Identifier: MIT
import type {Link, Peer, PeerConfig} from '../../kernel/kernel.ts';
import type {DesiredPeer} from './desired.ts';
import {planChannel} from './plan-channel.ts';
import type {EndpointStep, Known} from './steps.ts';

/** Delete before making: grant entries are the scarce resource. Touches nothing. */
export function planEndpoint(
	known: Known,
	desiredPeers: readonly DesiredPeer[],
	hello: string,
): EndpointStep[] {
	const {kernel} = known;
	if (kernel === undefined) {
		const hello: EndpointStep[] = known.hello === undefined ? [] : [{kind: 'retract'}];

		return [...withdrawals(known, new Map(), []), ...hello];
	}
	const wanted = desiredPeers.filter(desired => desired.refusal === undefined);

	return [
		...withdrawals(known, kernel, wanted),
		...(known.hello === hello ? [] : [{kind: 'hello', value: hello} as const]),
		...wanted.flatMap(desired => planPeer(desired, known, kernel.get(desired.config.domid))),
	];
}

function withdrawals(
	known: Known,
	kernel: ReadonlyMap<number, Peer>,
	wanted: readonly DesiredPeer[],
): EndpointStep[] {
	const stay = new Set(wanted.map(desired => desired.config.domid));
	const gone = (domids: Iterable<number>) => [...domids].filter(domid => !stay.has(domid));

	return [
		...gone(kernel.keys()).map(domid => ({kind: 'peer-delete', domid}) as const),
		...gone(known.own.keys()).flatMap(domid => takeBack(domid, known)),
		...gone(known.stats).map(domid => ({kind: 'forget', domid}) as const),
	];
}

/**
 * An offer that is only removed, and made anew before dom0 has looked, may be the same text: dom0
 * gives no new epoch, and the peer stays attached to the pages of the older one. So it is closed,
 * and goes when dom0 has given the next epoch or has withdrawn the peer.
 */
function takeBack(domid: number, {announced, own}: Known): EndpointStep[] {
	const offer = own.get(domid);
	if (offer === undefined || offer.epoch !== announced.get(domid)?.epoch) {
		return [{kind: 'unpublish', domid}];
	}
	if (offer.state === 'closed') {
		return [];
	}

	return [{kind: 'publish', domid, value: {...offer, state: 'closed'}}];
}

function planPeer(desired: DesiredPeer, known: Known, peer: Peer | undefined): EndpointStep[] {
	const {config} = desired;
	const {domid, epoch} = config;
	const own = known.own.get(domid);
	const stale: EndpointStep[] =
		known.own.has(domid) && own?.epoch !== epoch ? [{kind: 'unpublish', domid}] : [];

	if (peer === undefined) {
		return [...stale, {kind: 'peer-new', config: changed(config)}];
	}
	if (!isSame(peer, config)) {
		return [...stale, {kind: 'peer-set', config: changed(config, peer)}];
	}
	if (stale.length > 0) {
		return stale;
	}

	return planChannel(desired, peer, own, known);
}

/** Without what is as it was: a module older than us, not reloaded yet, may not know of it. */
function changed(config: DesiredPeer['config'], before?: Peer): PeerConfig {
	const {busyPollUs, fragPages, selectors, ...rest} = config;
	const isOther = selectorsIdOf(before) !== (selectors?.id ?? 0);

	return {
		...rest,
		...(busyPollUs !== (before?.busyPollUs ?? 0) && {busyPollUs}),
		...(fragPages !== (before?.fragPages ?? 0) && {fragPages}),
		...(isOther && {selectors: selectors ?? {id: 0, list: []}}),
	};
}

function selectorsIdOf(peer: Peer | undefined): number {
	return peer?.selectorsId ?? 0;
}

function isSame(peer: Peer, config: DesiredPeer['config']): boolean {
	return (
		peer.epoch === config.epoch &&
		peer.name === config.name &&
		peer.busyPollUs === config.busyPollUs &&
		(peer.fragPages ?? 0) === config.fragPages &&
		selectorsIdOf(peer) === (config.selectors?.id ?? 0) &&
		areSame(peer.links, config.links)
	);
}

/** An MTU that we were not told is the module's own affair. */
function areSame(has: readonly Link[], wanted: readonly Link[]): boolean {
	const key = (link: Link) => `${link.ifindex} ${link.localMac} ${link.remoteMac}`;
	const mtus = new Map(wanted.map(link => [key(link), link.mtu || undefined]));
	const isIn = (link: Link) =>
		mtus.has(key(link)) && (mtus.get(key(link)) ?? link.mtu) === link.mtu;

	return has.length === wanted.length && has.every(isIn);
}
