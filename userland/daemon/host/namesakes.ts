// SPDX-License-Identifier: MIT
import {nameProblem, printable} from '../../names.ts';
import type {Domain} from '../../xenstore/discover.ts';
import type {Refusal} from '../refusal.ts';

type Named = Pick<Domain, 'domid' | 'name' | 'uuid'>;

/**
 * By domid, why a domain's name does not say who it is. xl keeps names apart, XAPI does not, and
 * there tenants choose them: a rule that allows one of two namesakes may mean the other.
 */
export function ambiguousNames(domains: readonly Named[]): ReadonlyMap<number, Refusal> {
	const bearers = new Map<string, Named[]>();
	for (const domain of domains) {
		bearers.set(domain.name, [...(bearers.get(domain.name) ?? []), domain]);
	}

	return new Map(
		domains.flatMap(domain => {
			const reason = refuseName(domain, bearers.get(domain.name) ?? []);

			return reason === undefined ? [] : [[domain.domid, {code: 'name', reason}] as const];
		}),
	);
}

/** Dom0 is known by its domid: a guest that takes its name is refused, dom0 is not. */
function refuseName({domid, name}: Named, bearers: readonly Named[]): string | undefined {
	if (domid === 0) {
		return undefined;
	}
	const problem = nameProblem(name);
	if (problem !== undefined) {
		return `the name of domain ${domid} ${problem}: rename it`;
	}
	if (bearers.length < 2) {
		return undefined;
	}
	const who = bearers.map(describeBearer).join(' and ');

	return `${printable(name)} is the name of ${who}, so no rule can mean one of them: rename one`;
}

function describeBearer({domid, uuid}: Named): string {
	return uuid === undefined ? `domain ${domid}` : `domain ${domid} (${uuid})`;
}
