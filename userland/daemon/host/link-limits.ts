// SPDX-License-Identifier: MIT
import {addressesMax, narrowLimits, type Limits} from '../../limits.ts';
import {renderPrefix} from '../../prefixes.ts';
import {hasEnforcement} from '../../xenstore/features.ts';
import type {Refusal} from '../refusal.ts';
import type {EndLimits, PairLimits} from './judge.ts';
import type {Port} from './ports.ts';
import type {SharedLink} from './shared-links.ts';
import type {Subject} from './subjects.ts';

/** What each end may send on a link: what policy says of its domain and dom0 of its vif, both. */
export function limitsOnLink({a, b}: SharedLink, [ofA, ofB]: EndLimits): PairLimits {
	const limits = [
		narrowLimits(ofA, a.limited?.limits),
		narrowLimits(ofB, b.limited?.limits),
	] as const;

	return limits.every(each => each === undefined) ? undefined : limits;
}

/** Why a port whose vif is limited may have no channel with a receiver. */
export function refuseLimited(
	{name, limited}: Port,
	receiver: Subject,
	byPolicy: Limits | undefined,
	limits: Limits | undefined,
): Refusal | undefined {
	const unmet = limited?.unmet;
	/* The toolstack's rate is for all that a vif sends; policy may say what a channel may carry of it. */
	if (unmet && !(unmet.code === 'rate' && byPolicy?.rate !== undefined)) {
		return unmet;
	}
	if ((limits?.addresses?.length ?? 0) > addressesMax) {
		return {
			code: 'limits',
			reason: `${name} may send from more than ${addressesMax} ranges of addresses, which are too many to announce`,
		};
	}

	return limited?.limits === undefined || hasEnforcement(receiver.hello)
		? undefined
		: {
				code: 'limits',
				reason: `${receiver.name} cannot enforce what ${name} may send (${limited.limitedBy}): its coloopd is older, or has no libnftables`,
			};
}

const known = new WeakMap<Port, Map<string, Port>>();

/** The port as rules are to be asked about it: of its packets only those that the other end takes. The same object for the same addresses. */
export function withSources(port: Port, limits: Limits | undefined): Port {
	const sources = limits?.addresses;
	if (sources === undefined) {
		return port;
	}
	const bySources = known.get(port) ?? new Map<string, Port>();
	const key = sources.map(renderPrefix).join();
	const found = bySources.get(key) ?? {...port, sources};
	bySources.set(key, found);
	known.set(port, bySources);

	return found;
}
