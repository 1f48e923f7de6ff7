// SPDX-License-Identifier: MIT
import type {Domain, Remains} from '../../xenstore/discover.ts';
import type {Declined} from '../../xenstore/declined.ts';
import type {AnnouncedLink, Announcement, OfferValue} from '../../xenstore/values.ts';
import {linksFor, type PairVerdict} from './judge.ts';
import {dueIn, end, give, pairKey, unborn, type Life, type Lives} from './lives.ts';
import {isOver, passOnDeclines, relay, relayEnd, unrelay} from './relay.ts';
import {isSame} from './same.ts';

export type Step =
	| {readonly kind: 'prepare'; readonly domid: number}
	| {
			readonly kind: 'announce';
			readonly to: number;
			readonly peer: number;
			readonly value: Announcement;
	  }
	| {readonly kind: 'withdraw'; readonly from: number; readonly peer: number}
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

export type Wanted = {
	readonly domains: readonly Domain[];
	readonly remains: readonly Remains[];
	readonly verdicts: readonly PairVerdict[];
	/** What `/coloop/host` is to say. */
	readonly host: string;
	readonly lives: Lives;
	readonly lastEpoch: number;
	readonly now: number;
	readonly unix: number;
};

export type Plan = {
	readonly steps: readonly Step[];
	readonly lives: Lives;
	readonly lastEpoch: number;
	/** When to look again, in ms, because a pair has to wait for its next life. */
	readonly again: number | undefined;
};

/** Withdraw before announcing, and only to trees that are prepared. Touches nothing. */
export function plan(wanted: Wanted): Plan {
	const pairs = wanted.verdicts.map(verdict => planPair(verdict, wanted));
	/* One for each announcement: too many for arguments. */
	const epochs = wanted.domains.flatMap(epochsOf);
	let lastEpoch = epochs.reduce((last, epoch) => Math.max(last, epoch), wanted.lastEpoch);
	const announcements = pairs.flatMap(pair => {
		if (!pair.renew) return [];
		lastEpoch = Math.max(lastEpoch + 1, wanted.unix);
		return announce(pair.verdict, lastEpoch);
	});
	return {
		steps: [
			...wanted.remains.map(({domid}) => ({kind: 'sweep', domid}) as const),
			...strays(wanted),
			...prepare(wanted),
			...pairs.flatMap(pair => pair.steps),
			...announcements,
		],
		lives: new Map(pairs.map(pair => [pairKey(pair.verdict), pair.life])),
		lastEpoch,
		again: pairs.reduce<number | undefined>(
			(first, {wait}) => (wait === undefined ? first : Math.min(wait, first ?? wait)),
			undefined,
		),
	};
}

type PairPlan = {
	readonly verdict: PairVerdict;
	readonly steps: readonly Step[];
	readonly life: Life;
	/** The pair gets a new epoch now. */
	readonly renew?: boolean;
	readonly wait?: number;
};

function planPair(verdict: PairVerdict, {lives, now}: Wanted): PairPlan {
	const life = lives.get(pairKey(verdict));
	if (verdict.refusal) return {verdict, steps: withdraw(verdict), life: life ?? unborn};

	const epoch = agreedEpoch(verdict);
	if (epoch !== undefined && !isOver(verdict, epoch)) {
		const steps = [...reword(verdict), ...relay(verdict, epoch), ...passOnDeclines(verdict)];
		const isBorn = steps.some(step => step.kind === 'relay') && life?.bornAt === undefined;
		const known = life ?? give(undefined, now);
		return {verdict, steps, life: isBorn ? {...known, bornAt: now} : known};
	}

	const ended = end(life, now);
	const wait = dueIn(ended, now);
	if (wait <= 0) return {verdict, steps: unrelay(verdict), life: give(ended, now), renew: true};
	/* While we wait, nothing may stand that is wrong, nor an offer that was closed. */
	const steps = epoch === undefined ? withdraw(verdict) : relayEnd(verdict, epoch);
	return {verdict, steps, life: ended, wait};
}

/** The epoch that both ends were told, if they were told what we would say today. */
function agreedEpoch(verdict: PairVerdict): number | undefined {
	const {a, b} = verdict;
	const [toA, toB] = [a.announced.get(b.domid), b.announced.get(a.domid)];
	if (toA === undefined || toB === undefined || toA.epoch !== toB.epoch) return undefined;
	const same =
		toA.name === b.name &&
		toB.name === a.name &&
		isSame(waysOf(toA.links), waysOf(linksFor('a', verdict))) &&
		isSame(waysOf(toB.links), waysOf(linksFor('b', verdict)));
	return same ? toA.epoch : undefined;
}

/** Links of another MTU are the same links. */
function waysOf(links: readonly AnnouncedLink[]): string[] {
	return links.map(({vif, localMac, remoteMac}) => `${vif} ${localMac} ${remoteMac}`);
}

/** Another rule decides now, or in other words, or an MTU changed; the epoch stays. */
function reword(verdict: PairVerdict): Step[] {
	const {a, b} = verdict;
	return [['a', a, b] as const, ['b', b, a] as const].flatMap(([end, to, peer]) => {
		const value = to.announced.get(peer.domid);
		if (value === undefined) return [];
		const reworded = {...value, ...wordsOf(verdict), links: linksFor(end, verdict)};
		if (isSame(value, reworded)) return [];
		return [{kind: 'announce', to: to.domid, peer: peer.domid, value: reworded}];
	});
}

function announce(verdict: PairVerdict, epoch: number): Step[] {
	const {a, b} = verdict;
	const words = {epoch, ...wordsOf(verdict)};
	const forA = {...words, name: b.name, links: linksFor('a', verdict)};
	const forB = {...words, name: a.name, links: linksFor('b', verdict)};
	return [
		{kind: 'announce', to: a.domid, peer: b.domid, value: forA},
		{kind: 'announce', to: b.domid, peer: a.domid, value: forB},
	];
}

/** What policy says about the pair, to both ends the same. */
function wordsOf({digest, ringPages, ringPagesMin, queues}: PairVerdict) {
	return {digest, ringPages, ringPagesMin, queues};
}

function withdraw({a, b}: PairVerdict): Step[] {
	return [...withdrawFrom(a, b.domid), ...withdrawFrom(b, a.domid)];
}

function withdrawFrom(domain: Domain, peer: number): Step[] {
	const {announced, relayed, declinedBy} = domain;
	const isTold = [announced, relayed, declinedBy].some(told => told.has(peer));
	return isTold ? [{kind: 'withdraw', from: domain.domid, peer}] : [];
}

/** What is said about domains that are gone. */
function strays({domains}: Wanted): Step[] {
	const here = new Set(domains.map(({domid}) => domid));
	return domains.flatMap(domain =>
		[
			...new Set([
				...domain.announced.keys(),
				...domain.relayed.keys(),
				...domain.declinedBy.keys(),
			]),
		]
			.filter(peer => !here.has(peer) || peer === domain.domid)
			.flatMap(peer => withdrawFrom(domain, peer)),
	);
}

function prepare({domains, host}: Wanted): Step[] {
	return domains
		.filter(domain => domain.hello !== undefined && domain.host !== host)
		.map(({domid}) => ({kind: 'prepare', domid}));
}

function epochsOf({announced}: Domain): number[] {
	return [...announced.values()].map(announcement => announcement?.epoch ?? 0);
}
