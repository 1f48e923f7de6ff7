// SPDX-License-Identifier: MIT
import type {Hook} from '../kernel/hooks.ts';
import type {LinkedProgram} from '../netlink-js/index.ts';

/**
 * Functions that drop or change nothing by themselves, from the sources of Linux 6.1 to 6.18: br_netfilter, which hands
 * frames to the IP chains; connection tracking, which stands with its rules, and defragmentation; NAT, which does what
 * its chains say; nftables and legacy iptables, whose rules are read; flow tables, which forward what a rule put there;
 * AppArmor's, which looks only at packets of a socket of dom0.
 */
const harmless = new RegExp(
	`^(?:${[
		'br_nf_\\w+|ip_sabotage_in',
		'ipv[46]_conntrack_\\w+|ipv[46]_confirm|nf_confirm|nf_ct_bridge_\\w+|ipv6_defrag',
		'nf_nat_\\w+',
		'nft_do_chain(?:_\\w+)?|nft_nat_do_chain',
		'ip6?t_do_table|ip6?table_\\w+_hook',
		'nf_flow_offload_\\w+',
		'apparmor_ip_postroute',
	].join('|')})$`,
);

/** Our own, in dom0: it takes what would leave by a channel, after all that looks at it. */
const ownModule = 'coloop';

/** Those of the old ebtables. */
const ebtables = /^ebt_/;

/** What is in the way and nobody has read: each hook in words, by where it is. */
export type ForeignHook = Pick<Hook, 'family' | 'place' | 'device'> & {readonly text: string};

export function foreignHooks(hooks: readonly Hook[]): ForeignHook[] {
	return hooks
		.filter(
			({name = '', module, isChain}) =>
				!isChain && module !== ownModule && !harmless.test(name) && !ebtables.test(name),
		)
		.map(({family, place, device, name, module, program}) => {
			const owner = module === undefined ? '' : ` of the module ${module}`;
			const text =
				program === undefined
					? `${name ?? 'a function without a name'}${owner}`
					: `BPF program ${program}`;

			return {family, place, device, text};
		});
}

export function hasEbtables(hooks: readonly Hook[]): boolean {
	return hooks.some(({name = ''}) => ebtables.test(name));
}

const families: ReadonlyMap<number, 'ip' | 'ip6'> = new Map([
	[2, 'ip'],
	[10, 'ip6'],
]);
const places = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;

/** Where the kernel does not list hooks, BPF programs at netfilter are known by their links. */
export function linkedHooks(programs: readonly LinkedProgram[]): ForeignHook[] {
	return programs.flatMap(({id, name, target, hook}) => {
		const family = families.get(target);
		const place = places[hook] ?? `hook ${hook}`;
		const named = name === '' ? '' : ` (${name})`;

		return family === undefined
			? []
			: [{family, place, device: undefined, text: `BPF program ${id}${named}`}];
	});
}
