// SPDX-License-Identifier: MIT
import type {Offer, Peer, PeerConfig} from '../../kernel/kernel.ts';
import type {Announcement} from '../../xenstore/announcement.ts';
import type {Declined} from '../../xenstore/declined.ts';
import type {OfferValue} from '../../xenstore/values.ts';
import type {Failure} from './backoff.ts';

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
