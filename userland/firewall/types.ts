// SPDX-License-Identifier: MIT
import type {NftFamily} from '../nftables-js/index.ts';
import type {Prefix} from '../prefixes.ts';

/** Where a domain touches a bridge of dom0: the vif's netback end, or, for dom0 itself, the bridge device. */
export type Port = {
	readonly kind: 'vif' | 'host';
	readonly name: string;
	/** Of the domain's own interface, which is what its frames carry; `aa:bb:cc:dd:ee:ff`. */
	readonly mac: string;
	readonly bridge: string;
	/** The bridge is one of Open vSwitch: nothing that the kernel's own bridges ask is asked. */
	readonly isOvs?: true;
	/**
	 * Where packets of the domain come from that a channel's other end takes, of both versions: it drops all others, so
	 * what dom0's rules do with those does not matter. Undefined: it takes all.
	 */
	readonly sources?: readonly Prefix[] | undefined;
};

/** Unicast IPv4 or IPv6; nothing else is ever diverted. */
export type Protocol = 'ip' | 'ip6';

/** Whether bridged IPv4 and IPv6 pass dom0's IP chains (bridge-nf-call-iptables, -ip6tables). */
export type FiltersIp = Readonly<Record<Protocol, boolean>>;

/** A rule, or a base chain's policy, that a channel would bypass; `text` as nft prints it. */
export type RuleRef = {
	readonly family: NftFamily;
	/** Family and name, as nft writes them: `bridge filter`. */
	readonly table: string;
	readonly chain: string;
	readonly handle: number;
	readonly text: string;
	/** Where bridged frames meet the rule only because br_netfilter hands them to dom0's IP chains. */
	readonly by?: 'br_netfilter';
	/** It is for packets to groups alone, which frames for one guest may carry; see groups.ts. */
	readonly isForGroups?: true;
	/** The rule that sends on to other guests what a guest sends to dom0, where that alone lets it meet this one. */
	readonly redirectedBy?: RuleRef;
};

/** Why two ports get no channel, as a sentence; `rule` where it is a rule's doing. */
export type Obstacle = {
	readonly kind: 'rule' | 'legacy' | 'tc' | 'xdp' | 'bridge' | 'vlan' | 'isolated' | 'unknown';
	readonly text: string;
	readonly rule?: RuleRef;
};
