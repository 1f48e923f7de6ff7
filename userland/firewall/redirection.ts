// SPDX-License-Identifier: MIT
import type {BaseChains} from './base-chains.ts';
import type {ClassOf} from './port-classes.ts';
import {visitTo, type Visit} from './traffic.ts';
import type {FiltersIp, Port, Protocol, RuleRef} from './types.ts';

/*
 * A guest's packet to dom0 that an IP chain gives another destination at prerouting, where br_netfilter shows it the
 * packet: if that is behind the same bridge, the bridge carries the frame on to there (br_nf_pre_routing_finish() of
 * net/bridge/br_netfilter_hooks.c), past its `forward` rules and from an isolated port to no other. A channel's packet
 * comes to dom0 as one that the bridge has delivered, so that dom0 routes it: the bridge's `output` sees it, and not
 * the port that it came by.
 */

/** A rule that redirects, and the first that what is redirected would have met on the bridge. */
type Redirect = {readonly rule: RuleRef | undefined; readonly bypassed: RuleRef | undefined};

/** Remembers answers by the classes of both ports. */
export function createRedirects(chains: BaseChains, classOf: ClassOf) {
	const answers = new Map<string, Redirect>();

	return (guest: Port, host: Port, filtersIp: FiltersIp): Redirect => {
		const {ip, ip6} = filtersIp;
		const key = `${classOf(guest)} ${classOf(host)} ${ip} ${ip6}`;
		const answer = answers.get(key) ?? findRedirect(chains, guest, host, filtersIp);

		answers.set(key, answer);

		return answer;
	};
}

function findRedirect(chains: BaseChains, guest: Port, host: Port, filtersIp: FiltersIp): Redirect {
	const found = (['ip', 'ip6'] as const)
		.filter(protocol => filtersIp[protocol])
		.flatMap(protocol => {
			const rule = firstOf(chains, arrival(guest, host, protocol), 'redirection');
			const [bypassed] = onwards(guest, host, protocol).flatMap(
				visit => (rule && firstOf(chains, visit, 'obstacle')) ?? [],
			);

			return rule ? [{rule, bypassed: bypassed && {...bypassed, redirectedBy: rule}}] : [];
		});

	return {
		rule: found[0]?.rule,
		bypassed: found.find(({bypassed}) => bypassed)?.bypassed,
	};
}

function firstOf(chains: BaseChains, visit: Visit, what: 'redirection' | 'obstacle') {
	return chains.seenBy(visit).flatMap(chain => chain[what](visit.traffic) ?? [])[0];
}

/** Where what a guest sends to dom0 meets dom0's IP chains first. */
function arrival(guest: Port, host: Port, protocol: Protocol): Visit {
	const stop = {place: 'ip', hook: 'prerouting', input: guest.bridge, output: ''} as const;

	return visitTo(stop, guest, host, protocol, true);
}

/** Where the bridge shows it to rules on its way to wherever it is sent. */
function onwards(guest: Port, host: Port, protocol: Protocol): Visit[] {
	return [
		{place: 'bridge', hook: 'forward', input: guest.name, output: undefined} as const,
		{place: 'bridge', hook: 'postrouting', input: '', output: undefined} as const,
	].map(stop => {
		const visit = visitTo(stop, guest, host, protocol, true);

		return {...visit, traffic: {...visit.traffic, daddr: undefined}};
	});
}
