// SPDX-License-Identifier: MIT
import type {Peer} from '../../kernel/kernel.ts';
import type {OfferValue} from '../../xenstore/values.ts';
import type {Failure} from './backoff.ts';
import {blockedLink} from './declines.ts';
import type {DesiredPeer} from './desired.ts';
import type {EndpointStep, Known} from './steps.ts';

/** What the channel to a peer needs next. Touches nothing. */
export function planChannel(
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
