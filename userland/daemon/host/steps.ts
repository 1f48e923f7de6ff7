// SPDX-License-Identifier: MIT
import type {Declined} from '../../xenstore/declined.ts';
import type {Announcement} from '../../xenstore/announcement.ts';
import type {OfferValue} from '../../xenstore/values.ts';

/** One thing to do to a domain's tree in XenStore. */
export type HostStep =
	| {readonly kind: 'prepare'; readonly domid: number}
	| {
			readonly kind: 'announce';
			readonly to: number;
			readonly peer: number;
			readonly value: Announcement;
	  }
	| {
			readonly kind: 'withdraw';
			readonly from: number;
			readonly peer: number;
			/** Nothing of the peer was relayed, so that there is one node to remove. */
			readonly isBare: boolean;
	  }
	| {
			readonly kind: 'relay';
			readonly to: number;
			readonly from: number;
			readonly value: OfferValue;
	  }
	| {readonly kind: 'unrelay'; readonly to: number; readonly from: number}
	/** Tells one end why the other declines it; without a value, that it no longer does. */
	| {
			readonly kind: 'decline';
			readonly to: number;
			readonly from: number;
			readonly value: Declined | undefined;
	  }
	| {readonly kind: 'sweep'; readonly domid: number};
