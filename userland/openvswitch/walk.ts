// SPDX-License-Identifier: MIT
import {matchFrames, portOf, type Certainty, type Frames} from './match.ts';
import type {Flow} from './types.ts';

/**
 * Flows by whose frames they can match. Hosts that lock addresses have many for each port, and a pair is
 * judged for every other: what a port's frames meet is found once, whatever their destination.
 */
export type FlowTable = {
	/** The most important first; none below one that matches all of these frames. */
	from(source: Source): readonly Candidate[];
};

type Source = Omit<Frames, 'destination'>;

type Candidate = {
	readonly flow: Flow;
	/** By all fields but those of the destination. */
	readonly certainty: Certainty;
	readonly destination: readonly string[];
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
		from(source) {
			const key = `${source.inPort} ${source.source} ${source.protocol}`;
			const known = found.get(key);
			if (known !== undefined) {
				return known;
			}
			const made = candidates(
				[undefined, source.inPort]
					.flatMap(port => byPort.get(port) ?? [])
					.sort((one, other) => other.priority - one.priority),
				source,
			);
			found.set(key, made);

			return made;
		},
	};
}

function candidates(flows: readonly Flow[], source: Source): Candidate[] {
	const made: Candidate[] = [];
	let settledAt = -Infinity;

	for (const flow of flows) {
		if (flow.priority < settledAt) {
			break;
		}
		const destination = flow.match.filter(isDestination);
		const others = flow.match.filter(field => !isDestination(field));
		const certainty = matchFrames(others, {...source, destination: ''});
		if (certainty !== 'never') {
			made.push({flow, certainty, destination});
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
	let settledAt = -Infinity;

	for (const {flow, certainty, destination} of flows.from(frames)) {
		if (flow.priority < settledAt) {
			break;
		}
		const reaches = matchFrames(destination, frames);
		if (reaches !== 'never' && flow.actions !== 'NORMAL') {
			return flow;
		}
		if (reaches === 'always' && certainty === 'always') {
			settledAt = flow.priority;
		}
	}

	return settledAt === -Infinity ? 'none' : undefined;
}
