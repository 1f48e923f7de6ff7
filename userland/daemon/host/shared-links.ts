// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import type {Refusal} from '../refusal.ts';
import {refuseApart} from './apart.ts';
import type {Criteria, EndLimits, PairLimits, PairVerdict} from './judge.ts';
import {limitsOnLink, refuseLimited, withSources} from './link-limits.ts';
import type {Port} from './ports.ts';
import {isSame} from './same.ts';
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

/**
 * Those that may carry a channel; where none may, why the first may not. What an end may send is announced once for all
 * its links: one for which it is something else than for the first stays with the ordinary path.
 */
export function judgeLinks(
	a: Subject,
	b: Subject,
	shared: readonly SharedLink[],
	criteria: Criteria,
	byPolicy: EndLimits,
): Pick<PairVerdict, 'links' | 'limits' | 'refusal'> {
	const links: SharedLink[] = [];
	let limits: PairLimits;
	let first: Refusal | undefined;

	for (const link of shared) {
		const own = limitsOnLink(link, byPolicy);
		const refusal = refuseLink(a, b, link, criteria, byPolicy, own);

		if (refusal) {
			first ??= refusal;
		} else if (links.length === 0 || isSame(own, limits)) {
			limits = own;
			if (links.push(link) === linksMax) {
				break;
			}
		}
	}
	const refusal = links.length > 0 ? undefined : (first ?? refusePlaces(a, b, criteria));

	return {links, limits, refusal};
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
	a: Subject,
	b: Subject,
	link: SharedLink,
	{bypassed}: Criteria,
	byPolicy: EndLimits,
	limits: PairLimits,
): Refusal | undefined {
	const [ofA, ofB] = limits ?? [];
	const limited =
		refuseLimited(link.a, b, byPolicy[0], ofA) ?? refuseLimited(link.b, a, byPolicy[1], ofB);
	if (limited) {
		return limited;
	}
	const twice = a.ambiguousPorts.includes(link.a)
		? link.a
		: b.ambiguousPorts.includes(link.b)
			? link.b
			: undefined;
	if (twice) {
		return {code: 'mac', reason: `${twice.mac} is on ${twice.bridge} twice`};
	}
	const rule = bypassed(withSources(link.a, ofA), withSources(link.b, ofB));

	return rule === undefined ? undefined : {code: 'rule', reason: rule};
}
