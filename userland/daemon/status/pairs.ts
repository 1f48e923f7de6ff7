// SPDX-License-Identifier: MIT
import {createChoice, type Left, type Limits} from '../../control/pairs.ts';
import type {PairStatus, Status} from '../../control/protocol.ts';
import {renderDeclined} from '../../xenstore/declined.ts';
import type {Domain} from '../../xenstore/discover.ts';
import {limitsTexts} from '../../policy/render.ts';
import type {Store} from '../../xenstore/store.ts';
import type {HostView, PairView} from '../host/view.ts';
import {noTraffic, readAudited, readTraffic} from './counts.ts';
import {conditionOf} from './pair-state.ts';

/** How many pairs one answer tells, where there are pages. */
const page = 2000;
/** How many pairs are looked through for those that nothing else leads to: some milliseconds. */
const looked = 2000;

export type PairPart = {
	readonly pairs: Status['pairs'];
	readonly left?: Left;
	readonly after?: [number, number];
};

/** The most interesting pairs of the host, and how many there are besides. */
export async function chosenPairs(
	view: HostView,
	held: ReadonlyArray<readonly [string, string]>,
	limits: Limits,
): Promise<PairPart> {
	const choice = createChoice<PairView>(limits);
	const seen = new Set<string>();
	const add = (candidates: Iterable<PairView>) => {
		for (const pair of candidates) {
			const key = `${pair.a.domid} ${pair.b.domid}`;
			if (!seen.has(key)) {
				seen.add(key);
				choice.add(pair, conditionOf(pair));
			}
		}
	};
	add(candidates(view, held, limits));
	if (seen.size < limits.refused) {
		add(first(looked, view.all()));
	}
	const pairs = choice.chosen().pairs.sort(byDomids);
	const refused = pairs.filter(({refusal}) => refusal !== undefined).length;
	const {counts} = view;

	return {
		pairs: await tell(pairs, view.store),
		left: {
			open: counts.allowed - (pairs.length - refused),
			refused: counts.refused - refused,
		},
	};
}

/** Every pair in which all of these domains are: one of them, or two. */
export async function pairsOf(view: HostView, domids: readonly number[]): Promise<PairPart> {
	const [one = -1, other = one] = domids;
	const pair = view.pair(one, other);
	const pairs = one === other ? [...view.of(one)] : pair ? [pair] : [];

	return {pairs: await tell(pairs, view.store)};
}

/** The pairs that follow one, by domids. */
export async function pageOfPairs(
	view: HostView,
	after: readonly [number, number] = [-1, -1],
): Promise<PairPart> {
	const pairs = [...first(page, following(view, after))];
	const last = pairs.length < page ? undefined : pairs.at(-1);

	return {
		pairs: await tell(pairs, view.store),
		...(last && {after: [last.a.domid, last.b.domid]}),
	};
}

function* following(
	view: HostView,
	[lower, higher]: readonly [number, number],
): Generator<PairView> {
	const domids = view.domains.map(({domid}) => domid);
	for (const one of domids.filter(each => each >= lower)) {
		const least = one === lower ? higher : one;
		for (const other of domids.filter(each => each > least)) {
			const pair = view.pair(one, other);
			yield* pair ? [pair] : [];
		}
	}
}

/** Where something goes on; what may come; what a person took down. */
function* candidates(
	view: HostView,
	held: ReadonlyArray<readonly [string, string]>,
	{open}: Limits,
): Generator<PairView> {
	yield* view.active();
	yield* first(open, view.allowed());
	for (const [nameA, nameB] of held) {
		const [as, bs] = [nameA, nameB].map(each => view.domains.filter(({name}) => name === each));
		for (const pair of (as ?? []).flatMap(a =>
			(bs ?? []).map(b => view.pair(a.domid, b.domid)),
		)) {
			yield* pair ? [pair] : [];
		}
	}
}

function* first<T>(most: number, items: Iterable<T>): Generator<T> {
	let left = most;
	for (const item of items) {
		if (left-- <= 0) {
			return;
		}
		yield item;
	}
}

function byDomids(one: PairView, other: PairView): number {
	return one.a.domid - other.a.domid || one.b.domid - other.b.domid;
}

function tell(pairs: readonly PairView[], store: Store | undefined): Promise<PairStatus[]> {
	return Promise.all(pairs.map(pair => pairStatus(pair, store)));
}

async function pairStatus(verdict: PairView, store: Store | undefined): Promise<PairStatus> {
	const {a, b, refusal, rule, links, limits} = verdict;
	const [ofA, ofB] = limits ?? [];
	const {state, code, reason} = conditionOf(verdict);
	const [aDeclines, bDeclines] = refusal ? [] : verdict.declined;
	const hasSpoken = verdict.offers.some(offer => offer !== undefined);
	const isAudit = !refusal && verdict.isAudit === true;
	const hasStats = store && !refusal && hasSpoken && !isAudit;
	const {since, ...counts} = hasStats ? await readTraffic(store, a.domid, b.domid) : noTraffic;
	const audited = store && isAudit ? await readAudited(store, a.domid, b.domid) : undefined;

	return {
		a: endOf(a),
		b: endOf(b),
		state,
		code,
		reason,
		a_declines: aDeclines ? renderDeclined(aDeclines) : null,
		b_declines: bDeclines ? renderDeclined(bDeclines) : null,
		since: state === 'live' ? since : null,
		epoch: verdict.epoch ?? null,
		rule: rule ?? null,
		links: links.map(link => ({
			bridge: link.a.bridge,
			a_vif: link.a.vif,
			a_mac: link.a.mac,
			b_vif: link.b.vif,
			b_mac: link.b.mac,
		})),
		...(ofA && {a_limits: limitsTexts(ofA)}),
		...(ofB && {b_limits: limitsTexts(ofB)}),
		...(audited !== undefined && {audited_packets: audited}),
		...counts,
	};
}

function endOf({name, domid, uuid, tagged}: Domain): PairStatus['a'] {
	return {
		...{name, domid, uuid: uuid ?? null},
		...(tagged && 'tags' in tagged && {tags: [...tagged.tags]}),
	};
}
