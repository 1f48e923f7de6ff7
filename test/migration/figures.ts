// SPDX-License-Identifier: MIT
import type {Sample} from '../lab/exchange.ts';
import type {Journey, Span} from './journey.ts';

/** A journey in numbers: answers per second, waits in ms. */
export type Figures = {
	readonly apart: number;
	readonly together: number;
	readonly apartAgain: number;
	/** The longest time without an answer, on the way to a and on the way away. */
	readonly arrivalWait: number;
	readonly departureWait: number;
	/** From b's first answer on a's host until the channel was live. */
	readonly channelAfter?: number;
	readonly connections: number;
	readonly resets: number;
	readonly retransmits: number;
	readonly sent: number;
	readonly lost: number;
	readonly doubled: number;
	readonly late: number;
};

export function figuresOf(journey: Journey): Figures {
	const {samples, datagrams, arrival, departure, together, apartAgain, live} = journey;
	const {sent, received, doubled, late} = datagrams;
	const arrivalWait = longestWait(samples, {from: arrival.from, to: together.to});

	return {
		apart: rate(samples, journey.apart),
		together: rate(samples, together),
		apartAgain: rate(samples, apartAgain),
		arrivalWait: arrivalWait.ms,
		departureWait: longestWait(samples, {from: departure.from, to: apartAgain.to}).ms,
		...(live === undefined ? {} : {channelAfter: live - arrivalWait.until}),
		connections: journey.connections,
		resets: journey.resets,
		retransmits: samples.at(-1)?.retransmits ?? NaN,
		...{sent, lost: sent + doubled - received, doubled, late},
	};
}

function within(samples: readonly Sample[], {from, to}: Span): Sample[] {
	return samples.filter(({at}) => at > from && at <= to);
}

/** Answers per second. */
export function rate(samples: readonly Sample[], span: Span): number {
	const answers = within(samples, span).reduce((sum, {answers}) => sum + answers, 0);

	return Math.round((answers * 1000) / (span.to - span.from));
}

function longestWait(samples: readonly Sample[], span: Span): {ms: number; until: number} {
	return within(samples, span).reduce(
		(most, {longest, at}) => (longest > most.ms ? {ms: Math.round(longest), until: at} : most),
		{ms: 0, until: span.from},
	);
}

/** Answers per second of each so many ms, from the first sample's time; those without one have 0. */
export function rates(samples: readonly Sample[], every: number): number[] {
	const first = samples[0]?.at ?? 0;
	const last = samples.at(-1)?.at ?? 0;
	const counts = Array.from({length: Math.ceil((last - first + 1) / every)}, () => 0);
	for (const {at, answers} of samples) {
		const slot = Math.floor((at - first) / every);
		counts[slot] = (counts[slot] ?? 0) + answers;
	}

	return counts.map(count => (count * 1000) / every);
}
