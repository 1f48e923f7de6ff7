// SPDX-License-Identifier: MIT
import {ColoopError} from '../../userland/errors.ts';
import {readFirewall} from '../../userland/firewall/read.ts';
import {refusalBetween} from '../../userland/firewall/state.ts';
import type {Port} from '../../userland/firewall/types.ts';
import {devices} from './places.ts';

/** Why two ports may have no channel; of what rule, where it is a rule's doing. */
export type Refusal = NonNullable<ReturnType<typeof refusalBetween>>;

export type Verdict = ((a: Port, b: Port) => Refusal | undefined) & {
	/** The rules cannot be read, and nothing is allowed. */
	readonly isUnread?: boolean;
};

/** The product's own word, by what the daemon calls (userland/daemon/world.ts). */
export async function readVerdict(): Promise<Verdict> {
	try {
		const state = await readFirewall(devices);

		return (a, b) => refusalBetween(a, b, state);
	} catch (error) {
		if (!(error instanceof ColoopError)) {
			throw error;
		}
		// The daemon allows nothing then.
		const refusal: Refusal = {kind: 'unknown', text: `unread: ${error.message}`};

		return Object.assign(() => refusal, {isUnread: true});
	}
}
