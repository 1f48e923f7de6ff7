// SPDX-License-Identifier: MIT
import {matchFrames, portOf, type Frames} from './match.ts';
import type {Flow, FlowTable} from './types.ts';

/** Hosts that lock addresses have many flows for each port: those of others are not looked at. */
export function createFlowTable(flows: readonly Flow[]): FlowTable {
	const ports = new Map(flows.map(flow => [flow, portOf(flow.match)]));
	const found = new Map<number, readonly Flow[]>();

	return {
		from(port) {
			const known =
				found.get(port) ??
				flows.filter(flow => [undefined, port].includes(ports.get(flow)));
			found.set(port, known);

			return known;
		},
	};
}

/**
 * The flow that keeps these frames, or some of them, from being forwarded as a plain switch would do
 * it; `none` where frames may match no flow, which drops them or asks a controller.
 *
 * Of flows that match a frame the one with the highest priority counts; of several with the same, any.
 */
export function flowThatDecides(flows: FlowTable, frames: Frames): Flow | 'none' | undefined {
	let settledAt = -Infinity;

	for (const flow of flows.from(frames.inPort)) {
		if (flow.priority < settledAt) {
			break;
		}
		const certainty = matchFrames(flow.match, frames);
		if (certainty !== 'never' && flow.actions !== 'NORMAL') {
			return flow;
		}
		if (certainty === 'always') {
			settledAt = flow.priority;
		}
	}

	return settledAt === -Infinity ? 'none' : undefined;
}
