// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import type {Refusal} from '../refusal.ts';
import {refuseApart} from './apart.ts';
import type {Criteria, PairLimits, PairVerdict} from './judge.ts';
import type {Port} from './ports.ts';
import type {Subject} from './subjects.ts';

export type SharedLink = {readonly a: Port; readonly b: Port};

/** The kernel's limit, see kmod/spec/coloop.yaml. */
const linksMax = 16;

/** Every way between two domains over one bridge. */
export function sharedLinks({ports: ours}: Subject, {ports: theirs}: Subject): SharedLink[] {
	const links: SharedLink[] = [];

	for (const a of ours) {
		for (const b of theirs) {
			if (a.bridge === b.bridge && links.length < sharedMax) {
				links.push({a, b});
			}
		}
	}

	return links;
}

/** More than that are neither judged nor shown: two guests with 16 vifs each on a bridge have 256. */
const sharedMax = 256;

/** Those that may carry a channel; where none may, why the first may not. */
export function judgeLinks(
	a: Subject,
	b: Subject,
	shared: readonly SharedLink[],
	criteria: Criteria,
	limits: PairLimits,
): Pick<PairVerdict, 'links' | 'refusal'> {
	const links: SharedLink[] = [];
	let first: Refusal | undefined;

	for (const link of shared) {
		const refusal = refuseLink(a, b, link, criteria, limits);

		if (refusal) {
			first ??= refusal;
		} else if (links.push(link) === linksMax) {
			break;
		}
	}

	return {links, refusal: links.length > 0 ? undefined : (first ?? refusePlaces(a, b, criteria))};
}

/** Many pairs are apart, and nobody asks why: the sentence is made for who does. */
function refusePlaces(a: Domain, b: Domain, {topology}: Criteria): Refusal {
	return {
		code: 'bridge',
		get reason() {
			return refuseApart({a, b}, topology).reason;
		},
	};
}

function refuseLink(
	{ambiguousPorts: ours}: Subject,
	{ambiguousPorts: theirs}: Subject,
	{a, b}: SharedLink,
	{bypassed}: Criteria,
	limits: PairLimits,
): Refusal | undefined {
	/* The toolstack's rate is for all that a vif sends; policy may say what a channel may carry of it. */
	const isUnmet = ({rate}: Port, end: 0 | 1) =>
		rate !== undefined && limits?.[end]?.rate === undefined;
	const limited = isUnmet(a, 0) ? a : isUnmet(b, 1) ? b : undefined;
	if (limited) {
		return {code: 'rate', reason: `${limited.name} has a rate limit`};
	}
	const twice = ours.includes(a) ? a : theirs.includes(b) ? b : undefined;
	if (twice) {
		return {code: 'mac', reason: `${twice.mac} is on ${twice.bridge} twice`};
	}
	const rule = bypassed(a, b);

	return rule === undefined ? undefined : {code: 'rule', reason: rule};
}
