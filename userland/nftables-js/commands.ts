// SPDX-License-Identifier: MIT
//
// The commands of libnftables-json(5) and the objects that they name.
import type {NftElement, NftExpression, NftLimit, NftList, NftStatement} from './statements.ts';
import type {NftFamily} from './types.ts';

export type NftCommand =
	/** What is there already stays as it is; a rule goes to the end of its chain. */
	| {readonly add: NftAddable}
	/** As `add`, but what is there already is an error (`EEXIST`). */
	| {readonly create: NftAddable}
	/** A rule to the front of its chain, or before the one of `handle` or `index`. */
	| {readonly insert: {readonly rule: NftRuleSpec}}
	| {readonly replace: {readonly rule: NftRuleSpec & {readonly handle: number}}}
	/** What is not there is an error (`ENOENT`). */
	| {readonly delete: NftDeletable}
	/** As `delete`, but of what may be there; since nftables 1.0.7 and Linux 6.3. */
	| {readonly destroy: NftDeletable}
	| {readonly list: NftListable}
	| {readonly reset: NftResettable}
	| {readonly flush: NftFlushable}
	| {readonly rename: {readonly chain: NftName & {readonly newname: string}}};

export type NftAddable =
	| {readonly table: NftTableSpec}
	| {readonly chain: NftChainSpec}
	| {readonly rule: NftRuleSpec}
	| {readonly set: NftSetSpec}
	| {readonly map: NftMapSpec}
	| {readonly element: NftElements}
	| {readonly flowtable: NftFlowtableSpec}
	| {readonly counter: NftName & {readonly packets?: number; readonly bytes?: number}}
	| {
			readonly quota: NftName & {
				readonly bytes: number;
				readonly used?: number;
				readonly inv?: boolean;
			};
	  }
	| {readonly limit: NftName & NftLimit & {readonly per: string}}
	| {readonly secmark: NftName & {readonly context: string}}
	| {
			readonly synproxy: NftName & {
				readonly mss: number;
				readonly wscale: number;
				readonly flags?: NftList<string>;
			};
	  }
	| {
			readonly 'ct helper': NftName & {
				readonly type: string;
				readonly protocol: 'tcp' | 'udp';
				readonly l3proto?: 'ip' | 'ip6';
			};
	  }
	| {
			readonly 'ct timeout': NftName & {
				readonly protocol: 'tcp' | 'udp';
				readonly l3proto?: 'ip' | 'ip6';
				readonly policy: {readonly [state: string]: number};
			};
	  }
	| {
			readonly 'ct expectation': NftName & {
				readonly protocol: string;
				readonly l3proto?: 'ip' | 'ip6';
				readonly dport: number;
				readonly timeout: number;
				readonly size: number;
			};
	  };

export type NftDeletable =
	| {readonly table: NftNamed}
	| {readonly chain: NftNamedIn}
	| {readonly rule: NftRulePlace & {readonly handle: number}}
	| {readonly element: NftElements}
	| {readonly [kind in NftNamedKind]?: NftNamedIn};

export type NftListable =
	| {readonly ruleset: {readonly family?: NftFamily} | null}
	| {readonly table: NftNamed}
	| {readonly chain: NftName}
	| {readonly [kind in NftNamedKind]?: NftName}
	| {readonly [kind in NftPluralKind]?: {readonly family?: NftFamily} | null};

export type NftResettable =
	| {readonly counter: NftName}
	| {readonly quota: NftName}
	| {readonly counters: {readonly family?: NftFamily} | null}
	| {readonly quotas: {readonly family?: NftFamily} | null};

export type NftFlushable =
	| {readonly ruleset: {readonly family?: NftFamily} | null}
	| {readonly table: NftNamed}
	| {readonly chain: NftName}
	| {readonly set: NftName}
	| {readonly map: NftName};

export type NftNamedKind =
	| 'set'
	| 'map'
	| 'flowtable'
	| 'counter'
	| 'quota'
	| 'limit'
	| 'secmark'
	| 'synproxy'
	| 'ct helper'
	| 'ct timeout'
	| 'ct expectation';

export type NftPluralKind =
	'tables' | 'chains' | 'sets' | 'maps' | 'counters' | 'quotas' | 'limits' | 'flowtables';

/** A table. */
export type NftNamed = {readonly family: NftFamily; readonly name: string};

/** Anything in a table. */
export type NftName = NftNamed & {readonly table: string};

/** By its name, or the handle that it got. */
export type NftNamedIn =
	NftName | {readonly family: NftFamily; readonly table: string; readonly handle: number};

export type NftTableSpec = NftNamed & {
	readonly flags?: NftList<'dormant' | 'owner' | 'persist'>;
	readonly comment?: string;
};

/** A base chain says where packets enter it; another is only jumped to. */
export type NftChainSpec = NftName & {readonly comment?: string} & (
		| {
				readonly type: 'filter' | 'nat' | 'route';
				readonly hook: NftHook;
				readonly prio: number;
				readonly policy?: 'accept' | 'drop';
				/** Of netdev chains, and of inet ones at ingress. Several devices: since nftables 1.0.7. */
				readonly dev?: NftList<string>;
		  }
		| {readonly type?: never; readonly hook?: never; readonly prio?: never}
	);

export type NftHook =
	'ingress' | 'egress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

export type NftRulePlace = {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
};

export type NftRuleSpec = NftRulePlace & {
	readonly expr: readonly NftStatement[];
	readonly comment?: string;
	/** Of the rule that this one goes behind (`add`) or before (`insert`). */
	readonly handle?: number;
	readonly index?: number;
};

export type NftSetSpec = NftName & {
	/** `ipv4_addr`, `ether_addr`, ...; several for a concatenation; or the type of an expression. */
	readonly type: NftList<string> | {readonly typeof: NftExpression};
	readonly policy?: 'performance' | 'memory';
	/** A list: libnftables 1.0.6 takes a single word for none. */
	readonly flags?: ReadonlyArray<'constant' | 'interval' | 'timeout' | 'dynamic'>;
	readonly elem?: NftList<NftElement>;
	/** Seconds. */
	readonly timeout?: number;
	readonly 'gc-interval'?: number;
	readonly size?: number;
	readonly 'auto-merge'?: boolean;
	readonly comment?: string;
};

/** `map` is the type of the values: `verdict`, `mark`, `counter`, ... */
export type NftMapSpec = NftSetSpec & {readonly map: NftList<string>};

export type NftElements = NftName & {readonly elem: NftList<NftElement>};

export type NftFlowtableSpec = NftName & {
	readonly hook?: 'ingress';
	readonly prio?: number;
	readonly dev?: NftList<string>;
};
