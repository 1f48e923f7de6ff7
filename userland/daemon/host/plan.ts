// SPDX-License-Identifier: MIT
import {dueIn, end, give, type EpochHistory} from './epochs.ts';
import {
	agreedEpoch,
	announcementFor,
	closeEnds,
	linksOf,
	openEnd,
	setAnnounced,
	sideOf,
	announcedTo,
	type Pair,
	type Side,
} from './pair.ts';
import {isOver, passOnDeclines, relay, relayEnd, unrelay} from './relay.ts';
import type {HostStep} from './steps.ts';

type PairPlan = {
	/** In order. */
	readonly steps: readonly HostStep[];
	readonly history: EpochHistory;
	/** When to plan again, in ms, because the pair has to wait for its next epoch. */
	readonly wait?: number;
};

/** What an allowed pair needs now. Touches nothing but `nextEpoch`, called where a new one is given. */
export function planPair(pair: Pair, now: number, nextEpoch: () => number): PairPlan {
	const epoch = agreedEpoch(pair);

	if (epoch !== undefined && !isOver(pair, epoch)) {
		const steps = [...reword(pair, epoch), ...relay(pair, epoch), ...passOnDeclines(pair)];
		const known = pair.history ?? give(undefined, now);
		const isFirst =
			known.firstOfferAt === undefined && steps.some(({kind}) => kind === 'relay');

		return {steps, history: isFirst ? {...known, firstOfferAt: now} : known};
	}

	const ended = end(pair.history, now);
	const wait = dueIn(ended, now);
	if (wait <= 0) {
		const steps = announce(pair, nextEpoch());

		return {
			steps: pair.ends ? [...unrelay(pair), ...steps] : steps,
			history: give(ended, now),
		};
	}
	/* An announcement that is wrong may not stand while we wait, nor an offer that was closed. */
	const steps = epoch === undefined ? withdraw(pair) : relayEnd(pair, epoch);

	return {steps, history: ended, wait};
}

/** Everything that its ends were told of each other. */
export function withdraw(pair: Pair): HostStep[] {
	const {a, b} = pair;

	return [...withdrawFrom(pair, 0, a.domid, b.domid), ...withdrawFrom(pair, 1, b.domid, a.domid)];
}

/** Takes the step as done. */
export function record(pair: Pair, step: HostStep): void {
	switch (step.kind) {
		case 'announce':
			setAnnounced(pair, sideOf(pair, step.to), step.value.epoch);
			pair.isReworded = false;

			return;
		case 'withdraw': {
			const side = sideOf(pair, step.from);
			setAnnounced(pair, side, 0);
			if (!step.isBare) {
				Object.assign(openEnd(pair, side), {relayed: undefined, declinedBy: undefined});
			}
			break;
		}
		case 'relay':
			openEnd(pair, sideOf(pair, step.to)).relayed = step.value;

			return;
		case 'unrelay':
			openEnd(pair, sideOf(pair, step.to)).relayed = undefined;
			break;
		case 'decline':
			openEnd(pair, sideOf(pair, step.to)).declinedBy = step.value;
			break;
		default:
	}
	closeEnds(pair);
}

function withdrawFrom(pair: Pair, side: Side, from: number, peer: number): HostStep[] {
	const {relayed, declinedBy} = pair.ends?.[side] ?? {};
	const announced = announcedTo(pair, side);
	/* What is wrong may be anything: all of it goes. */
	const isBare = announced >= 0 && relayed === undefined && declinedBy === undefined;

	return isBare && announced === 0 ? [] : [{kind: 'withdraw', from, peer, isBare}];
}

/** Another rule decides now, or in other words, or an MTU changed; the epoch stays. */
function reword(pair: Pair, epoch: number): HostStep[] {
	return pair.isReworded ? announce(pair, epoch) : [];
}

function announce(pair: Pair, epoch: number): HostStep[] {
	const {a, b} = pair;
	const links = linksOf(pair);

	return [
		{
			kind: 'announce',
			to: a.domid,
			peer: b.domid,
			value: announcementFor(0, pair, epoch, links),
		},
		{
			kind: 'announce',
			to: b.domid,
			peer: a.domid,
			value: announcementFor(1, pair, epoch, links),
		},
	];
}
