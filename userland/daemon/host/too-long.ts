// SPDX-License-Identifier: MIT
import {renderAnnouncement} from '../../xenstore/announcement.ts';
import {pathsOf} from '../../xenstore/paths.ts';
import {requestMax} from '../../xenstore/wire.ts';
import type {Refusal} from '../refusal.ts';
import type {PairVerdict} from './judge.ts';
import {announcementFor, type Side} from './pair.ts';
import {beginPair} from './pair-changes.ts';

/** The highest that there is. */
const epoch = 2 ** 32 - 1;

/**
 * Why a pair cannot be announced: XenStore takes no longer a value. Without selectors none is, as names, links and addresses
 * have bounds of their own.
 */
export function refuseTooLong(verdict: PairVerdict): Refusal | undefined {
	if (verdict.terms.selection === undefined || verdict.refusal) {
		return undefined;
	}
	const pair = beginPair(verdict, undefined);
	const over = ([0, 1] as const)
		.map(side => lengthOf(side) - requestMax)
		.reduce((a, b) => Math.max(a, b));

	return over <= 0
		? undefined
		: {
				code: 'policy',
				reason: `what ${verdict.terms.rule} says of the pair is ${over} bytes too long for XenStore: say less under only and except, or lock addresses by fewer ranges`,
			};

	function lengthOf(side: Side): number {
		const [own, peer] = side === 0 ? [pair.a, pair.b] : [pair.b, pair.a];
		const path = `${pathsOf(own.domid).peers}/${peer.domid}`;

		return (
			path.length +
			1 +
			Buffer.byteLength(renderAnnouncement(announcementFor(side, pair, epoch)))
		);
	}
}
