// SPDX-License-Identifier: MIT
import type {PairStatus, State} from '../control/protocol.ts';
import {pathsOf} from '../xenstore/paths.ts';
import type {Store} from '../xenstore/store.ts';
import {isRefusal, renderDeclined} from '../xenstore/declined.ts';
import {declinedText} from './ordinary.ts';
import type {PairView} from './host/view.ts';
import {parseStats, type Stats} from '../xenstore/values.ts';

/** Every pair of the host, with the counters that its ends tell us. */
export function pairStatuses(
	verdicts: readonly PairView[],
	store: Store | undefined,
): Promise<PairStatus[]> {
	return Promise.all(verdicts.map(verdict => pairStatus(verdict, store)));
}

async function pairStatus(verdict: PairView, store: Store | undefined): Promise<PairStatus> {
	const {a, b, refusal, rule, links} = verdict;
	const {state, code, reason} = conditionOf(verdict);
	const [aDeclines, bDeclines] = refusal ? [] : declinesOf(verdict);
	const stats = refusal || !store ? undefined : await readStats(store, a.domid, b.domid);
	return {
		a: {name: a.name, domid: a.domid},
		b: {name: b.name, domid: b.domid},
		state,
		code,
		reason,
		a_declines: aDeclines ? renderDeclined(aDeclines) : null,
		b_declines: bDeclines ? renderDeclined(bDeclines) : null,
		since: state === 'live' ? (stats?.since ?? null) : null,
		epoch: verdict.epoch ?? null,
		rule: rule ?? null,
		links: links.map(link => ({
			bridge: link.a.bridge,
			a_vif: link.a.vif,
			a_mac: link.a.mac,
			b_vif: link.b.vif,
			b_mac: link.b.mac,
		})),
		a_to_b_packets: Number(stats?.txPackets ?? 0n),
		a_to_b_bytes: Number(stats?.txBytes ?? 0n),
		b_to_a_packets: Number(stats?.rxPackets ?? 0n),
		b_to_a_bytes: Number(stats?.rxBytes ?? 0n),
	};
}

type Condition = Pick<PairStatus, 'state' | 'code' | 'reason'>;

/** An end that declines while the channel is up has just begun to, or only has packets elsewhere. */
function conditionOf(verdict: PairView): Condition {
	const {a, b, refusal} = verdict;
	if (refusal) {
		const state = refusal.code === 'held' ? 'held' : 'refused';
		return {state, code: refusal.code, reason: refusal.reason};
	}
	const state = stateOf(verdict);
	const [ofA, ofB] = declinesOf(verdict);
	const texts = [
		ofA && declinedText(a.name, b.name, ofA),
		ofB && declinedText(b.name, a.name, ofB),
	];
	const reason = texts.filter(text => text !== undefined).join('; ') || null;
	if (state !== 'live' && [ofA, ofB].some(isRefusal))
		return {state: 'refused', code: 'declined', reason};
	const rules = [ofA, ofB].find(declined => declined?.code === 'rules');
	return {state, code: rules?.detail ?? rules?.code ?? null, reason};
}

function declinesOf({declined}: PairView) {
	return declined;
}

/** Live when both ends say so: dom0 is not on the channel and cannot see it. */
function stateOf({epoch, offers}: PairView): State {
	const said = offers
		.filter(offer => offer !== undefined && offer.epoch === epoch)
		.map(offer => offer?.state);
	if (said.includes('closed')) return 'closed';
	if (said.length === 2 && said.every(state => state === 'live')) return 'live';
	return said.length > 0 ? 'offered' : 'ready';
}

/** The lower domid's word, turned round where only the other end has spoken. */
async function readStats(store: Store, a: number, b: number): Promise<Stats | undefined> {
	const read = async (of: number, about: number) =>
		parseStats((await store.read(`${pathsOf(of).stats}/${about}`)) ?? '');
	const own = await read(a, b);
	if (own) return own;
	const other = await read(b, a);
	return (
		other && {
			since: other.since,
			txPackets: other.rxPackets,
			txBytes: other.rxBytes,
			rxPackets: other.txPackets,
			rxBytes: other.txBytes,
		}
	);
}
