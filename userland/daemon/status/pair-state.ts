// SPDX-License-Identifier: MIT
import type {Condition} from '../../control/pairs.ts';
import type {State} from '../../control/protocol.ts';
import {isRefusal} from '../../xenstore/declined.ts';
import type {Negotiation, PairView} from '../host/view.ts';
import {declinedText} from '../ordinary.ts';

/** An end that declines while the channel is up has just begun to, or only has packets elsewhere. */
export function conditionOf(verdict: PairView): Condition {
	const {a, b, refusal} = verdict;
	if (refusal) {
		const state = refusal.code === 'held' ? 'held' : 'refused';

		return {state, code: refusal.code, reason: refusal.reason};
	}
	const state = stateOf(verdict);
	const [ofA, ofB] = verdict.declined;
	const texts = [
		ofA && declinedText(a.name, b.name, ofA),
		ofB && declinedText(b.name, a.name, ofB),
	];
	const reason = texts.filter(text => text !== undefined).join('; ') || null;
	if (state === 'refused') {
		return {state, code: 'declined', reason};
	}
	if (verdict.isAudit) {
		return {state, code: 'audit', reason: 'mode: audit: nothing is diverted'};
	}
	const rules = [ofA, ofB].find(declined => declined?.code === 'rules');

	return {state, code: rules?.detail ?? rules?.code ?? null, reason};
}

/**
 * Of a pair that dom0 allows. Live when both ends say so: dom0 is not on the channel and cannot see it. An
 * end that declines has just begun to where the channel is up still.
 */
export function stateOf(negotiation: Negotiation): State {
	const state = offeredState(negotiation);

	return state !== 'live' && negotiation.declined.some(isRefusal) ? 'refused' : state;
}

function offeredState({epoch, offers}: Negotiation): State {
	const states = offers
		.filter(offer => offer !== undefined && offer.epoch === epoch)
		.map(offer => offer?.state);
	if (states.includes('closed')) {
		return 'closed';
	}
	if (states.length === 2 && states.every(state => state === 'live')) {
		return 'live';
	}

	return states.length > 0 ? 'offered' : 'ready';
}
