// SPDX-License-Identifier: MIT
import type {NftChain, NftFamily, NftRule} from '../nftables-js/index.ts';
import {keyOf, type Book} from './book.ts';
import type {FiltersIp} from './guard.ts';
import {fields} from './match.ts';

/**
 * The first rule that may ask, with iptables' `physdev`, by which port of the bridge a frame came to dom0; undefined
 * if none does. With bridge-nf-call-iptables that is known, of frames from a vif; of those from a channel it is not.
 *
 * PREROUTING and INPUT see what is for dom0, FORWARD what it routes. Xen's hotplug scripts add rules to FORWARD that
 * accept what is bridged from and to each vif, so only those that do anything else count there. OUTPUT and POSTROUTING
 * see what dom0 sends before the bridge chooses a port.
 */
export function findPhysdev(book: Book, filtersIp: FiltersIp): NftRule | undefined {
	const asks = (rule: NftRule) => rule.expr.some(mayBePhysdev);
	const find = (hooks: readonly string[], counts: (rule: NftRule) => boolean) =>
		rulesFrom(book, hooks, filtersIp).find(rule => asks(rule) && counts(rule));

	return find(['prerouting', 'input'], () => true) ?? find(['forward'], rule => !isAccept(rule));
}

/** The rules that IP packets meet from a hook of the kernel on. */
function rulesFrom(book: Book, hooks: readonly string[], filtersIp: FiltersIp): NftRule[] {
	const reached = new Set<NftChain>();
	const met: NftRule[] = [];

	for (const chain of book.chains.values())
		if (chain.base && hooks.includes(chain.base.hook) && hears(chain.family, filtersIp))
			reached.add(chain);
	// What is added meanwhile has its turn too.
	for (const chain of reached)
		for (const rule of book.rules.get(keyOf(chain, chain.name)) ?? []) {
			met.push(rule);
			for (const target of targetsIn(rule.expr)) {
				const next = book.chains.get(keyOf(rule, target));
				if (next) reached.add(next);
			}
		}

	return met;
}

function hears(family: NftFamily, {ip, ip6}: FiltersIp): boolean {
	return {ip, ip6, inet: ip || ip6, arp: false, bridge: false, netdev: false}[family];
}

function isAccept({expr}: NftRule): boolean {
	return expr.some(statement => 'accept' in fields(statement));
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
