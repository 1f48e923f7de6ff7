// SPDX-License-Identifier: MIT
import {nameMax, orderMin} from '../../kernel/constants.ts';
import type {PeerConfig} from '../../kernel/kernel.ts';
import {cutName} from '../../names.ts';
import {defaultRingPages, defaultRingPagesMin} from '../../policy/pages.ts';
import type {AcceptRule, Identity, Verdict} from '../../policy/types.ts';
import {ruleName} from '../../policy/rule-name.ts';
import type {Refusal} from '../refusal.ts';
import type {Announcement} from '../../xenstore/announcement.ts';
import {bind, type Device} from './bind.ts';
import {refuse, type Reasons} from './refuse.ts';
import {selectorsFor} from './selection.ts';
import type {Range} from './size.ts';

/** What we want of one announced peer: the desired state that plan.ts compares with what is. */
export type DesiredPeer = {
	/** The kernel's may be cut. */
	readonly name: string;
	/** As dom0 says; undefined where it does not. */
	readonly uuid?: string | undefined;
	/** Those that dom0 gives it in XenStore. */
	readonly tags?: readonly string[] | undefined;
	readonly config: Required<Omit<PeerConfig, 'selectors'>> & Pick<PeerConfig, 'selectors'>;
	readonly refusal: Refusal | undefined;
	/** Where our own policy decided, for people. */
	readonly rule: string | undefined;
	/** We allocate the event channel. */
	readonly listen: boolean;
	/** Each ring of ours is 4096 << order bytes when it is offered next. */
	readonly order: number;
	/** What it may become. */
	readonly range: Range;
	/** The channel that is live since then is to end: its rings have another size, or it is idle. */
	readonly mismatch: bigint | undefined;
	/** A channel that carries nothing for so many seconds is idle; undefined: none is. */
	readonly idleTimeoutS: number | undefined;
	/** Nothing is diverted: what would be is counted by the module, as it has no channel. */
	readonly isAudit: boolean;
	/** That is our own policy's word, of which dom0 and the peer do not know. */
	readonly isOwnAudit: boolean;
	/** How many we offer. */
	readonly queues: number;
	/** A person wants the channel now, traffic or not. */
	readonly isAsked: boolean;
	/** The last tries failed: no channel is tried for, unless the peer offers one. */
	readonly isWaiting: boolean;
	/** It waits, and no offer of the peer is answered meanwhile. */
	readonly isUnusable: boolean;
};

export type Criteria = Reasons & {
	readonly domid: number;
	readonly devices: readonly Device[];
	/** The module takes an MTU with a link. */
	readonly takesMtu: boolean;
	readonly decide: (peer: Identity) => Verdict<AcceptRule>;
	readonly isAsked: (name: string) => boolean;
	readonly isWaiting: (domid: number) => boolean;
	readonly isUnusable: (domid: number) => boolean;
	readonly orderFor: (domid: number, range: Range) => number;
	readonly mismatch: (domid: number) => bigint | undefined;
};

/** Announced, accepted by our policy, and reached by a device that we have. */
export function desiredPeersOf(
	announced: ReadonlyMap<number, Announcement | undefined>,
	criteria: Criteria,
): DesiredPeer[] {
	return [...announced].flatMap(([domid, announcement]) =>
		announcement === undefined || domid === criteria.domid
			? []
			: [desiredPeerOf(domid, announcement, criteria)],
	);
}

function desiredPeerOf(domid: number, announcement: Announcement, criteria: Criteria): DesiredPeer {
	const {epoch, links, name, uuid, tags, isNameShared} = announcement;
	const verdict = criteria.decide({name, uuid, tags, domid, isNameShared});
	const queues = Math.min(verdict.rule?.queues ?? announcement.queues, announcement.queues);
	const range = rangeOf(announcement, verdict.rule, queues);
	const found = links.flatMap(link => bind(link, criteria));
	const selectors = selectorsFor(announcement, verdict.rule);

	return {
		name,
		...{uuid, tags},
		config: {
			...{domid, epoch, name: cutName(name, nameMax), links: found},
			busyPollUs: verdict.rule?.busyPollUs ?? 0,
			fragPages: verdict.rule?.fragPages ?? 0,
			...(selectors && {selectors}),
		},
		refusal: refuse(
			announcement,
			{verdict, links: found.length, hasSelectors: selectors !== undefined},
			criteria,
		),
		rule: ruleName(verdict.rule),
		listen: criteria.domid < domid,
		order: criteria.orderFor(domid, range),
		range,
		mismatch: criteria.mismatch(domid),
		...modeOf(announcement, verdict.rule),
		queues,
		isAsked: criteria.isAsked(name) || isEager(announcement, verdict.rule),
		isWaiting: criteria.isWaiting(domid),
		isUnusable: criteria.isUnusable(domid),
	};
}

function isEager(announced: Announcement, rule: AcceptRule | undefined): boolean {
	return !(rule?.isOnDemand ?? !announced.isEager);
}

/** Either may ask that nothing be diverted, and the shorter time counts. */
function modeOf(
	announced: Announcement,
	rule: AcceptRule | undefined,
): Pick<DesiredPeer, 'idleTimeoutS' | 'isAudit' | 'isOwnAudit'> {
	const isOwnAudit = rule?.isAudit ?? false;
	const times = [announced.idleTimeoutS, rule?.idleTimeoutS].filter(time => time !== undefined);
	/* It would come back at once. */
	const isKept = times.length === 0 || isEager(announced, rule);

	return {
		idleTimeoutS: isKept ? undefined : Math.min(...times),
		isAudit: isOwnAudit || announced.isAudit === true,
		isOwnAudit,
	};
}

/** Our own policy's word goes before dom0's, and the limit before the least. */
function rangeOf(announced: Announcement, rule: AcceptRule | undefined, queues: number): Range {
	const most = rule?.ringPages ?? announced.ringPages ?? defaultRingPages;
	const least = rule?.ringPagesMin ?? announced.ringPagesMin ?? defaultRingPagesMin;

	return {least: orderOf(Math.min(least, most), queues), most: orderOf(most, queues)};
}

/** Queues share the memory, down to the smallest ring that takes every packet. */
function orderOf(pages: number, queues: number): number {
	return Math.max(orderMin, Math.floor(Math.log2(pages / queues)));
}
