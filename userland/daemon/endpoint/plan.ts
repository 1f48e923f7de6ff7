// SPDX-License-Identifier: MIT
import type {Link, Offer, Peer, PeerConfig} from '../../kernel/kernel.ts';
import type {Declined} from '../../xenstore/declined.ts';
import type {Announcement} from '../../xenstore/announcement.ts';
import type {OfferValue} from '../../xenstore/values.ts';
import {blockedLink} from './declines.ts';
import type {Failure} from './backoff.ts';
import type {DesiredPeer} from './desired.ts';

export type EndpointStep =
	| {readonly kind: 'hello'; readonly value: string}
	/** The module is gone: nobody is to offer us anything. */
	| {readonly kind: 'retract'}
	| {readonly kind: 'peer-new'; readonly config: PeerConfig}
	| {readonly kind: 'peer-set'; readonly config: PeerConfig}
	| {readonly kind: 'peer-delete'; readonly domid: number}
	| ({
			readonly kind: 'offer';
			readonly listen: boolean;
			readonly order: number;
			readonly queues: number;
	  } & Life)
	| ({readonly kind: 'attach'; readonly offer: Offer} & Life)
	| ({readonly kind: 'close'; readonly why: string} & Life)
	| {
			readonly kind: 'publish';
			readonly domid: number;
			readonly value: OfferValue;
			readonly cause?: Cause;
	  }
	| {readonly kind: 'unpublish'; readonly domid: number}
	| {readonly kind: 'forget'; readonly domid: number}
	| {readonly kind: 'decline'; readonly domid: number; readonly value: Declined}
	| {readonly kind: 'accept'; readonly domid: number}
	| {readonly kind: 'accept-all'};

type Life = {readonly domid: number; readonly epoch: number};

/** Why a life is over, and the failure, if it was one, after which the next has to wait. */
export type Cause = {
	readonly reason: string;
	readonly failure: Failure | undefined;
	readonly wasLive: boolean;
};

/** What is, read from XenStore and the kernel in one go. */
export type Known = {
	readonly domid: number;
	/** Undefined while the module is absent. */
	readonly kernel: ReadonlyMap<number, Peer> | undefined;
	readonly hello: string | undefined;
	readonly announced: ReadonlyMap<number, Announcement | undefined>;
	readonly relayed: ReadonlyMap<number, OfferValue | undefined>;
	/** Our own offers. */
	readonly own: ReadonlyMap<number, OfferValue | undefined>;
	readonly stats: readonly number[];
	/** Whom we decline; undefined where there is no such directory. */
	readonly declined: ReadonlyMap<number, Declined | undefined> | undefined;
	/** Who declines us. */
	readonly declinedBy: ReadonlyMap<number, Declined | undefined>;
};

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
	const {busyPollUs, selectors, ...rest} = config;
	const isOther = selectorsIdOf(before) !== (selectors?.id ?? 0);

	return {
		...rest,
		...(busyPollUs !== (before?.busyPollUs ?? 0) && {busyPollUs}),
		...(isOther && {selectors: selectors ?? {id: 0, list: []}}),
	};
}

function selectorsIdOf(peer: Peer | undefined): number {
	return peer?.selectorsId ?? 0;
}

function planChannel(
	desired: DesiredPeer,
	peer: Peer,
	own: OfferValue | undefined,
	known: Known,
): EndpointStep[] {
	const {domid, epoch} = peer;
	const theirs = usable(known, domid, epoch);
	switch (peer.channel?.state) {
		case undefined:
		case 'closed':
		case 'broken':
		case 'stalled': {
			if (own?.state === 'closed') {
				return [];
			}
			if (own !== undefined) {
				return [closeOffer(peer, own)];
			}
			const isAsked = peer.wanted || desired.isAsked;
			const isDue = theirs ? !desired.isUnusable : isAsked && !desired.isWaiting;
			if (!isDue || desired.isAudit || blockedLink(peer)) {
				return [];
			}
			const {listen, order, queues} = desired;

			return [{kind: 'offer', domid, epoch, listen, order, queues}];
		}
		case 'offered':
			if (desired.isAudit) {
				return [{kind: 'close', domid, epoch, why: audits}];
			}
			if (own === undefined || own.state !== 'offered') {
				return [{kind: 'close', domid, epoch, why: 'nobody was told of the offer'}];
			}

			return theirs === undefined ? [] : [{kind: 'attach', domid, epoch, offer: theirs}];
		case 'live': {
			if (desired.isAudit) {
				return [{kind: 'close', domid, epoch, why: audits}];
			}
			/* dom0 ends a closed life with a new epoch; where it is silent, the channel stays. */
			const state = desired.mismatch === peer.channel.since ? 'closed' : 'live';
			const isSaid = own === undefined || own.state === state;

			return isSaid ? [] : [{kind: 'publish', domid, value: {...own, state}}];
		}
		case 'mapped': {
			const taken = 'the peer has taken its offer back';
			const why = desired.isAudit ? audits : taken;
			const isOver = desired.isAudit || isTakenBack(known, domid, epoch);

			return isOver ? [{kind: 'close', domid, epoch, why}] : [];
		}
		case 'draining':
			return [];
	}
}

const audits = 'mode: audit';

/** The end of a channel is written into the node of our offer, which dom0 reads anyway. */
function closeOffer({domid, channel}: Peer, own: OfferValue): EndpointStep {
	const reason = channel?.reason ?? 'none';

	return {
		kind: 'publish',
		domid,
		value: {...own, state: 'closed'},
		cause: {reason, failure: failureOf(reason, own), wasLive: own.state === 'live'},
	};
}

function failureOf(reason: string, own: OfferValue): Failure | undefined {
	if (reason.startsWith('bad-')) {
		return 'fault';
	}
	if (reason === 'peer-closed') {
		return own.state === 'live' ? undefined : 'silence';
	}

	return reason === 'timeout' || reason === 'stalled' ? 'silence' : undefined;
}

/** The peer's offer for this epoch, if it is one that we can attach to. */
function usable(known: Known, domid: number, epoch: number): OfferValue | undefined {
	const offer = known.relayed.get(domid);
	if (offer?.epoch !== epoch || offer.state !== 'offered' || offer.version !== 1) {
		return undefined;
	}
	/* The lower domid allocates the event channel; the other side has none to offer. */
	const theyListen = domid < known.domid;

	return theyListen === (offer.eventPort !== 0) ? offer : undefined;
}

/** What we have attached to: dom0 relays no other offer of the same epoch in its place. */
function isTakenBack(known: Known, domid: number, epoch: number): boolean {
	const offer = known.relayed.get(domid);

	return offer?.epoch !== epoch || offer.state === 'closed';
}

function isSame(peer: Peer, config: DesiredPeer['config']): boolean {
	return (
		peer.epoch === config.epoch &&
		peer.name === config.name &&
		peer.busyPollUs === config.busyPollUs &&
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
