// SPDX-License-Identifier: MIT
import {matchFrames, type Frames} from './match.ts';
import type {Flow} from './types.ts';

/**
 * The flow that keeps these frames, or some of them, from being forwarded as a plain switch would do
 * it; `none` where frames may match no flow, which drops them or asks a controller.
 *
 * Of flows that match a frame the one with the highest priority counts; of several with the same, any.
 */
export function flowThatDecides(flows: readonly Flow[], frames: Frames): Flow | 'none' | undefined {
	let settledAt = -Infinity;

	for (const flow of flows) {
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
