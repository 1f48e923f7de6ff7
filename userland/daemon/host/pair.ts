// SPDX-License-Identifier: MIT
import type {Declined} from '../../xenstore/declined.ts';
import {hasLinkState, hasWords} from '../../xenstore/features.ts';
import {
	mtuMax,
	parseAnnouncement,
	type AnnouncedLink,
	type Announcement,
} from '../../xenstore/announcement.ts';
import type {OfferValue} from '../../xenstore/values.ts';
import type {Words} from '../../xenstore/words.ts';
import type {EpochHistory} from './epochs.ts';
import type {PairLimits} from './judge.ts';
import {sharedLinks, type SharedLink} from './shared-links.ts';
import type {Terms} from './terms.ts';
import {isSame} from './same.ts';
import type {Subject} from './subjects.ts';

/** What passes between dom0 and one end about the other end; mostly nothing. */
export type End = {
	/** What the end says. */
	offer: OfferValue | undefined;
	declined: Declined | undefined;
	/** What it was told that the other end says. */
	relayed: OfferValue | undefined;
	declinedBy: Declined | undefined;
};

/** Which of the two, the lower domid first. */
export type Side = 0 | 1;

/**
 * An allowed pair. A thousand guests have half a million, so what is the same for many is shared, and
 * what can be computed is not kept: an announcement is what `announcementFor` says.
 */
export type Pair = {
	/** Lower domid first. */
	a: Subject;
	b: Subject;
	terms: Terms;
	/** Undefined: every link that they share. */
	links: readonly SharedLink[] | undefined;
	/** What each may send. */
	limits: PairLimits;
	/** As announced to each: 0 for nothing, `wrong` for what may not stand. */
	announcedA: number;
	announcedB: number;
	/** What is announced reads otherwise than it should, which needs no new epoch. */
	isReworded: boolean;
	history: EpochHistory | undefined;
	/** Undefined while neither end said or was told anything. */
	ends: readonly [End, End] | undefined;
};

export const wrong = -1;

/** Fewer than 2^30, so a small integer. */
export function keyOf(one: number, other: number): number {
	return one < other ? one * 2 ** 15 + other : other * 2 ** 15 + one;
}

export function lowOf(key: number): number {
	return key >> 15;
}

export function highOf(key: number): number {
	return key & (2 ** 15 - 1);
}

export function domidsOf(key: number): readonly [number, number] {
	return [lowOf(key), highOf(key)];
}

/** The epoch that both ends were told. */
export function agreedEpoch({announcedA, announcedB}: Pair): number | undefined {
	return announcedA > 0 && announcedA === announcedB ? announcedA : undefined;
}

export function sideOf({a}: Pair, domid: number): Side {
	return a.domid === domid ? 0 : 1;
}

export function announcedTo(pair: Pair, side: Side): number {
	return side === 0 ? pair.announcedA : pair.announcedB;
}

export function setAnnounced(pair: Pair, side: Side, epoch: number): void {
	if (side === 0) {
		pair.announcedA = epoch;
	} else {
		pair.announcedB = epoch;
	}
}

/** The end, to be changed. */
export function openEnd(pair: Pair, side: Side): End {
	pair.ends ??= [emptyEnd(), emptyEnd()];

	return pair.ends[side];
}

/** Forgets ends that have nothing to say. */
export function closeEnds(pair: Pair): void {
	if (pair.ends?.every(end => Object.values(end).every(value => value === undefined))) {
		pair.ends = undefined;
	}
}

export function linksOf({links, a, b}: Pair): readonly SharedLink[] {
	return links ?? sharedLinks(a, b);
}

/** What one end is to be told about the other. */
export function announcementFor(
	side: Side,
	pair: Pair,
	epoch: number,
	links = linksOf(pair),
): Announcement {
	const {a, b, terms, limits: both} = pair;
	const [own, peer] = side === 0 ? [a, b] : [b, a];
	const limits = both?.[side === 0 ? 1 : 0];
	const announcement = {
		epoch,
		name: peer.name,
		links: linksFor(side, links, own),
		digest: terms.digest,
		ringPages: terms.ringPages,
		ringPagesMin: terms.ringPagesMin,
		queues: Math.min(own.vcpus, peer.vcpus, terms.queues),
	};
	const words = hasWords(own.hello) ? wordsFor(peer, terms) : undefined;

	return words === undefined && limits === undefined
		? announcement
		: {...announcement, ...words, ...(limits !== undefined && {limits})};
}

function wordsFor({uuid, tags, isNameShared}: Subject, terms: Terms): Words {
	const {idleTimeoutS, isEager, isAudit, selection: {only = [], except = []} = {}} = terms;

	return {
		...(uuid !== undefined && {uuid}),
		...(tags && tags.length > 0 && {tags}),
		...(isNameShared && {isNameShared}),
		...(idleTimeoutS !== undefined && {idleTimeoutS}),
		...(isEager && {isEager}),
		...(isAudit && {isAudit}),
		...(only.length > 0 && {only}),
		...(except.length > 0 && {except}),
	};
}

export function linksFor(
	side: Side,
	links: readonly SharedLink[],
	{hello}: Subject,
): AnnouncedLink[] {
	const knowsMtu = hasLinkState(hello);

	return links.map(link => {
		const own = side === 0 ? link.a : link.b;
		const peer = side === 0 ? link.b : link.a;
		const {vif, mac: localMac} = own;
		const remoteMac = peer.mac;
		const mtu = Math.min(own.mtu, peer.mtu, mtuMax);

		return knowsMtu && mtu > 0 ? {vif, localMac, remoteMac, mtu} : {vif, localMac, remoteMac};
	});
}

/** How what an end was told compares with what it should be: the words may differ, the ways may not. */
export function compareAnnounced(
	text: string | undefined,
	side: Side,
	pair: Pair,
): {readonly announced: number; readonly isReworded: boolean; readonly epoch: number} {
	const value = parseAnnouncement(text ?? '');
	if (value === undefined) {
		return {announced: text === undefined ? 0 : wrong, isReworded: false, epoch: 0};
	}
	const right = announcementFor(side, pair, value.epoch);
	const announced = isSameWay(value, right) ? value.epoch : wrong;

	return {announced, isReworded: !isSame(value, right), epoch: value.epoch};
}

/** Links of another MTU are the same links. */
export function isSameWay(one: Announcement, other: Announcement): boolean {
	return one.name === other.name && isSame(waysOf(one), waysOf(other));
}

function waysOf({links}: Announcement): string[] {
	return links.map(({vif, localMac, remoteMac}) => `${vif} ${localMac} ${remoteMac}`);
}

function emptyEnd(): End {
	return {offer: undefined, declined: undefined, relayed: undefined, declinedBy: undefined};
}
