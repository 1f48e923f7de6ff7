// SPDX-License-Identifier: MIT
import type {NftChain, NftRule} from '../nftables-js/index.ts';
import {keyOf, type Book} from './book.ts';
import type {FiltersIp} from './guard.ts';
import {fields} from './match.ts';

/**
 * The first rule that may ask, with iptables' `physdev`, by which port of the bridge a frame came to dom0; undefined
 * if none does. With bridge-nf-call-iptables that is known in PREROUTING and INPUT, of frames from a vif; of those from
 * a channel it is not.
 *
 * OUTPUT and POSTROUTING see what dom0 sends before the bridge chooses a port. FORWARD, which sees what dom0 routes,
 * is left out: Xen's hotplug scripts add rules with `physdev` there for each vif.
 */
export function findPhysdev(book: Book, filtersIp: FiltersIp): NftRule | undefined {
	const reached = new Set(
		[...book.chains.values()].filter(chain => seesArrivals(chain, filtersIp)),
	);

	// What is added meanwhile has its turn too.
	for (const chain of reached)
		for (const rule of book.rules.get(keyOf(chain, chain.name)) ?? []) {
			if (rule.expr.some(mayBePhysdev)) return rule;
			for (const target of targetsIn(rule.expr)) {
				const next = book.chains.get(keyOf(rule, target));
				if (next) reached.add(next);
			}
		}

	return undefined;
}

function seesArrivals({family, base}: NftChain, {ip, ip6}: FiltersIp): boolean {
	const hears = {ip, ip6, inet: ip || ip6, arp: false, bridge: false, netdev: false}[family];

	return hears && (base?.hook === 'prerouting' || base?.hook === 'input');
}

/** Libraries that do not tell the name may not tell a match from a target either. */
function mayBePhysdev(statement: unknown): boolean {
	const {xt} = fields(statement);
	const {type = 'match', name} = fields(xt);

	return xt !== undefined && type === 'match' && (typeof name !== 'string' || name === 'physdev');
}

/** Chains named by jumps and gotos, those of verdict maps included. */
function targetsIn(value: unknown): string[] {
	if (typeof value !== 'object' || value === null) return [];

	return Object.entries(value).flatMap(([key, inner]) => {
		const {target} = key === 'jump' || key === 'goto' ? fields(inner) : {};
		return typeof target === 'string' ? [target] : targetsIn(inner);
	});
}
