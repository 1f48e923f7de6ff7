// SPDX-License-Identifier: MIT
import {pairsPeriod, type Growth} from '../control/growth.ts';
import {rankOf} from '../control/pairs.ts';
import type {PairStatus, PeerStatus, Status} from '../control/protocol.ts';
import {printable} from '../names.ts';
import {layOut, type Place} from './layout.ts';

/** What the page draws; all of it is data, and nothing of it markup. Texts are printable, as on a terminal. */
export type Scene = {
	readonly version: string;
	/** `dom0`, or `guest`, which sees its own pairs. */
	readonly side: 'dom0' | 'guest';
	readonly problems: readonly string[];
	readonly module: string | null;
	readonly bridges: ReadonlyArray<Place & {readonly name: string}>;
	readonly domains: readonly SceneDomain[];
	/** How many channels are live, whether they are in `pairs` or not. */
	readonly live: number;
	/** The most interesting first, at most `mostPairs`. */
	readonly pairs: readonly ScenePair[];
	/** Pairs that are not here: with a channel or the right to one, and refused. */
	readonly left: {readonly open: number; readonly refused: number};
};

type SceneDomain = Place & {
	readonly domid: number;
	readonly name: string;
	/** By their places in `bridges`. */
	readonly bridges: readonly number[];
};

export type ScenePair = {
	readonly a: End;
	readonly b: End;
	readonly state: string;
	readonly code: string | null;
	readonly why: string | null;
	readonly rule: string | null;
	/** Seconds since 1970. */
	readonly since: number | null;
	/** Bytes over the channel, and how many a second now. */
	readonly sent: number;
	readonly received: number;
	readonly sending: number;
	readonly receiving: number;
};

type End = {readonly name: string; readonly domid: number};

/** More lines would be one blot, and cost the browser more than they tell. */
export const mostPairs = 400;

export type Counts = {readonly sent: number; readonly received: number};
type Rates = Growth<Counts>;

/** `rates` learns what the counters are now, in seconds. */
export function sceneOf(status: Status, rates: Rates, now: number): Scene {
	const all = pairsOf(status, rates, now).sort(byInterest);
	const pairs = all.slice(0, mostPairs);
	const isOpen = (pair: ScenePair) => rankOf({...pair, reason: pair.why}) < 4;
	const cut = all.slice(mostPairs);
	const open = cut.filter(isOpen).length;
	const left = status.pairs_left ?? {open: 0, refused: 0};
	const {domains, bridges} = layOut(domainsOf(status, all));

	return {
		version: status.version,
		side: status.pairs ? 'dom0' : 'guest',
		problems: [...status.problems, ...status.policy_errors].map(printable),
		module: status.module?.version ?? null,
		...{bridges, domains, pairs},
		live: all.filter(({state}) => state === 'live').length,
		left: {open: left.open + open, refused: left.refused + cut.length - open},
	};
}

/** In dom0 those of the host, in a guest its own. */
export function pairsOf(status: Status, rates: Rates, now: number): ScenePair[] {
	const own = {name: ownName, domid: status.domid ?? -1};

	return status.pairs
		? status.pairs.map(pair => pairOf(pair, rates, now))
		: status.peers.map(peer => peerOf(peer, own, rates, now));
}

const ownName = 'this domain';

function pairOf(pair: PairStatus, rates: Rates, now: number): ScenePair {
	const {a, b, state, code, since} = pair;
	const counts = {sent: pair.a_to_b_bytes, received: pair.b_to_a_bytes};

	return {
		a: {name: printable(a.name), domid: a.domid},
		b: {name: printable(b.name), domid: b.domid},
		...{state, code, since, ...textsOf(pair)},
		...counts,
		...flowOf(rates.of(`${a.domid} ${b.domid}`, counts, now, pairsPeriod)),
	};
}

function peerOf(status: PeerStatus, own: End, rates: Rates, now: number): ScenePair {
	const {peer, domid, state, code, since} = status;
	const counts = {sent: status.tx_bytes, received: status.rx_bytes};

	return {
		a: own,
		b: {name: printable(peer), domid},
		...{state, code, since, ...textsOf(status)},
		...counts,
		...flowOf(rates.of(`${own.domid} ${domid}`, counts, now, 0)),
	};
}

function flowOf(rate: Counts | undefined) {
	return {sending: rate?.sent ?? 0, receiving: rate?.received ?? 0};
}

function textsOf({reason, rule}: Pick<PairStatus, 'reason' | 'rule'>) {
	return {why: reason && printable(reason), rule: rule && printable(rule)};
}

type Known = {domid: number; name: string; bridges: string[]};

/** A daemon that does not tell the domains tells pairs; a guest knows its interfaces. */
function domainsOf(status: Status, pairs: readonly ScenePair[]): Known[] {
	if (status.domains) {
		return status.domains.map(domain => ({...domain, name: printable(domain.name)}));
	}
	const known = new Map<number, Known>();
	const add = (domid: number, name: string, bridges: readonly string[]) => {
		const before = known.get(domid)?.bridges ?? [];
		known.set(domid, {domid, name, bridges: [...new Set([...before, ...bridges])]});
	};
	pairs.forEach(({a, b}) => [a, b].forEach(({domid, name}) => add(domid, name, [])));
	for (const {a, b, links} of status.pairs ?? []) {
		const bridges = links.map(({bridge}) => bridge);
		[a, b].forEach(({domid, name}) => add(domid, printable(name), bridges));
	}
	for (const {peer, domid, links} of status.pairs ? [] : status.peers) {
		const interfaces = links.map(({interface: name}) => name);
		add(domid, printable(peer), interfaces);
		add(status.domid ?? -1, ownName, interfaces);
	}

	return [...known.values()];
}

/** By what matters, and then by name: the order stays while only rates move. */
function byInterest(one: ScenePair, other: ScenePair): number {
	const rank = (pair: ScenePair) => rankOf({...pair, reason: pair.why});

	return (
		rank(one) - rank(other) ||
		one.a.name.localeCompare(other.a.name, 'en', {numeric: true}) ||
		one.b.name.localeCompare(other.b.name, 'en', {numeric: true}) ||
		one.a.domid - other.a.domid ||
		one.b.domid - other.b.domid
	);
}
