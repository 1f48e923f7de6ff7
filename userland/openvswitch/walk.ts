// SPDX-License-Identifier: MIT
import {
	compileMatch,
	portOf,
	readyFrames,
	type Certainty,
	type Frames,
	type Match,
	type ReadyFrames,
} from './match.ts';
import type {Flow} from './types.ts';

/**
 * Flows by whose frames they can match. Hosts that lock addresses have many for each port, and a pair is
 * judged for every other: what a port's frames meet is found once, whatever their destination.
 */
export type FlowTable = {
	/** The most important first; none below one that matches all of these frames. */
	from(frames: Frames, ready?: ReadyFrames): readonly Candidate[];
};

type Candidate = {
	readonly flow: Flow;
	/** By all fields but those of the destination. */
	readonly certainty: Certainty;
	/** By those. */
	readonly reaches: Match;
};

export function createFlowTable(flows: readonly Flow[]): FlowTable {
	const byPort = new Map<number | undefined, Flow[]>();
	const found = new Map<string, readonly Candidate[]>();

	for (const flow of flows) {
		const port = portOf(flow.match);
		const known = byPort.get(port);
		if (known === undefined) {
			byPort.set(port, [flow]);
		} else {
			known.push(flow);
		}
	}

	return {
		from(frames, ready = readyFrames(frames)) {
			const {inPort, source, protocol, from} = frames;
			const key = `${inPort} ${source} ${protocol} ${from?.first ?? ''} ${from?.last ?? ''}`;
			const known = found.get(key);
			if (known !== undefined) {
				return known;
			}
			const made = candidates(
				[undefined, inPort]
					.flatMap(port => byPort.get(port) ?? [])
					.sort((one, other) => other.priority - one.priority),
				ready,
			);
			found.set(key, made);

			return made;
		},
	};
}

function candidates(flows: readonly Flow[], frames: ReadyFrames): Candidate[] {
	const made: Candidate[] = [];
	let settledAt = -Infinity;

	for (const flow of flows) {
		if (flow.priority < settledAt) {
			break;
		}
		const destination = flow.match.filter(isDestination);
		const certainty = compileMatch(flow.match.filter(field => !isDestination(field)))(frames);
		if (certainty !== 'never') {
			made.push({flow, certainty, reaches: compileMatch(destination)});
		}
		if (certainty === 'always' && destination.length === 0) {
			settledAt = flow.priority;
		}
	}

	return made;
}

function isDestination(field: string): boolean {
	return field.startsWith('dl_dst=');
}

/**
 * The flow that keeps these frames, or some of them, from being forwarded as a plain switch would do
 * it; `none` where frames may match no flow, which drops them or asks a controller.
 *
 * Of flows that match a frame the one with the highest priority counts; of several with the same, any.
 */
export function flowThatDecides(flows: FlowTable, frames: Frames): Flow | 'none' | undefined {
	const ready = readyFrames(frames);
	let settledAt = -Infinity;

	for (const {flow, certainty, reaches} of flows.from(frames, ready)) {
		if (flow.priority < settledAt) {
			break;
		}
		const found = reaches(ready);
		if (found !== 'never' && flow.actions !== 'NORMAL') {
			return flow;
		}
		if (found === 'always' && certainty === 'always') {
			settledAt = flow.priority;
		}
	}

	return settledAt === -Infinity ? 'none' : undefined;
}
