// SPDX-License-Identifier: MIT
import {renderAnnouncement} from '../../xenstore/announcement.ts';
import type {Refusal} from '../refusal.ts';
import type {PairVerdict} from './judge.ts';
import {announcementFor} from './pair.ts';
import {beginPair} from './pair-changes.ts';

/** The highest epoch that there is. */
const epoch = 2 ** 32 - 1;

/** Of a value, in bytes: oxenstored takes no more (quota-maxsize), also from dom0. xenstored would take some 4000. */
const valueMax = 2048;

/** Why a pair cannot be announced. Without limits, selectors and tags none is too long, as names and links have bounds of their own. */
export function refuseTooLong(verdict: PairVerdict): Refusal | undefined {
	const {a, b, terms, limits, refusal} = verdict;
	const mayBe = terms.selection ?? limits ?? a.tags ?? b.tags;
	if (refusal || mayBe === undefined) {
		return undefined;
	}
	const pair = beginPair(verdict, undefined);
	const lengths = ([0, 1] as const).map(side =>
		Buffer.byteLength(renderAnnouncement(announcementFor(side, pair, epoch))),
	);
	const over = Math.max(...lengths) - valueMax;

	return over <= 0
		? undefined
		: {
				code: 'policy',
				reason: `what is to be said of the pair (${terms.rule}, limits) is ${over} bytes too long for XenStore: say less under only, except and limits, or give fewer tags`,
			};
}
