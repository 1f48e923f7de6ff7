// SPDX-License-Identifier: MIT
//
// What rules to be written are made of, by libnftables-json(5). Each is an object of one key. What an older library does not
// know of it, it refuses with `INVALID`.

export type NftExpression =
	| string
	| number
	| boolean
	| readonly NftExpression[]
	| {readonly concat: readonly NftExpression[]}
	/** An anonymous set; of pairs in a map. */
	| {readonly set: readonly NftElement[] | NftExpression}
	| {readonly map: {readonly key: NftExpression; readonly data: NftExpression}}
	| {readonly prefix: {readonly addr: NftExpression; readonly len: number}}
	| {readonly range: readonly [NftExpression, NftExpression]}
	| {readonly payload: NftPayload}
	| {readonly exthdr: {readonly name: string; readonly field?: string; readonly offset?: number}}
	| {readonly 'tcp option': NftOption}
	| {readonly 'ip option': NftOption}
	| {readonly 'sctp chunk': NftOption}
	/** `iifname`, `mark`, `protocol`, `l4proto`, `pkttype`, `length`, ... */
	| {readonly meta: {readonly key: string}}
	| {readonly rt: {readonly key: string; readonly family?: 'ip' | 'ip6'}}
	| {
			readonly ct: {
				readonly key: string;
				readonly family?: 'ip' | 'ip6';
				readonly dir?: 'original' | 'reply';
			};
	  }
	| {
			readonly numgen: {
				readonly mode: 'inc' | 'random';
				readonly mod: number;
				readonly offset?: number;
			};
	  }
	| {
			readonly jhash: {
				readonly mod: number;
				readonly offset?: number;
				readonly expr: NftExpression;
				readonly seed?: number;
			};
	  }
	| {readonly symhash: {readonly mod: number; readonly offset?: number}}
	| {readonly fib: {readonly result: 'oif' | 'oifname' | 'type'; readonly flags: NftList<string>}}
	| {readonly socket: {readonly key: string}}
	| {readonly osf: {readonly key: 'name' | 'version'; readonly ttl?: string}}
	| {
			readonly ipsec: {
				readonly key: string;
				readonly dir: 'in' | 'out';
				readonly spnum?: number;
				readonly family?: string;
			};
	  }
	| {readonly elem: NftTimedElement}
	| NftBinary
	/** The value of a verdict map. */
	| NftVerdict;

export type NftPayload =
	/** `{protocol: 'ip', field: 'saddr'}` */
	| {readonly protocol: string; readonly field: string}
	/** Bits from a header on. */
	| {readonly base: 'll' | 'nh' | 'th' | 'ih'; readonly offset: number; readonly len: number};

export type NftOption = {readonly name: string; readonly field?: string};

export type NftBinary = {
	readonly [operator in '|' | '&' | '^' | '<<' | '>>']?: readonly [NftExpression, NftExpression];
};

export type NftElement =
	| NftExpression
	/** Of a map: what it is for, and what it says. */
	| readonly [NftExpression, NftExpression];

export type NftTimedElement = {
	readonly val: NftExpression;
	/** Seconds. */
	readonly timeout?: number;
	readonly expires?: number;
	readonly comment?: string;
	readonly counter?: NftCounter | null;
};

export type NftVerdict =
	| {readonly accept: null}
	| {readonly drop: null}
	| {readonly continue: null}
	| {readonly return: null}
	| {readonly jump: {readonly target: string}}
	| {readonly goto: {readonly target: string}};

export type NftStatement =
	| NftVerdict
	| {readonly match: NftMatch}
	/** With no value, one of the rule's own; a string names one of the table's. */
	| {readonly counter: NftCounter | string | null}
	| {readonly mangle: {readonly key: NftExpression; readonly value: NftExpression}}
	| {
			readonly quota:
				| {
						readonly val: number;
						readonly val_unit: string;
						readonly used?: number;
						readonly used_unit?: string;
						readonly inv?: boolean;
				  }
				| string;
	  }
	| {readonly limit: NftLimit | string | NftExpression}
	| {
			readonly fwd: {
				readonly dev: NftExpression;
				readonly family?: 'ip' | 'ip6';
				readonly addr?: NftExpression;
			};
	  }
	| {readonly dup: {readonly addr: NftExpression; readonly dev?: NftExpression}}
	| {readonly snat: NftNat | null}
	| {readonly dnat: NftNat | null}
	| {readonly masquerade: NftNat | null}
	| {readonly redirect: NftNat | null}
	| {readonly reject: {readonly type?: string; readonly expr?: NftExpression} | null}
	/** Adds an element to a set, or refreshes one, as packets go by. */
	| {readonly set: NftDynamic & {readonly set: string}}
	| {readonly map: NftDynamic & {readonly map: string; readonly data: NftExpression}}
	| {readonly vmap: {readonly key: NftExpression; readonly data: NftExpression}}
	| {readonly log: NftLog | null}
	| {readonly 'ct helper': NftExpression}
	| {readonly 'ct timeout': NftExpression}
	| {readonly 'ct expectation': NftExpression}
	| {readonly 'ct count': {readonly val: number; readonly inv?: boolean}}
	| {
			readonly meter: {
				readonly name: string;
				readonly key: NftExpression;
				readonly stmt: NftStatement;
			};
	  }
	| {
			readonly queue: {
				readonly num?: NftExpression;
				readonly flags?: NftList<'bypass' | 'fanout'>;
			} | null;
	  }
	| {readonly notrack: null}
	| {readonly flow: {readonly op: 'add'; readonly flowtable: string}}
	| {
			readonly tproxy: {
				readonly family?: 'ip' | 'ip6';
				readonly addr?: NftExpression;
				readonly port?: NftExpression;
			};
	  }
	| {
			readonly synproxy:
				| {
						readonly mss?: number;
						readonly wscale?: number;
						readonly flags?: NftList<'timestamp' | 'sack-perm'>;
				  }
				| string
				| null;
	  }
	| {readonly secmark: string};

export type NftMatch = {
	readonly left: NftExpression;
	/** `in` for bits of a bitmask; a set on the right is asked with `==`. */
	readonly op: '==' | '!=' | '<' | '>' | '<=' | '>=' | 'in';
	/** `@name` is a set of the table's. */
	readonly right: NftExpression;
};

export type NftCounter = {readonly packets?: number; readonly bytes?: number};

export type NftLimit = {
	readonly rate: number;
	/** Undefined: packets. */
	readonly rate_unit?: 'packets' | 'bytes' | 'kbytes' | 'mbytes';
	readonly per?: 'second' | 'minute' | 'hour' | 'day' | 'week';
	readonly burst?: number;
	readonly burst_unit?: 'bytes' | 'kbytes' | 'mbytes';
	/** Matches what is over the limit. */
	readonly inv?: boolean;
};

export type NftNat = {
	readonly addr?: NftExpression;
	readonly family?: 'ip' | 'ip6';
	readonly port?: NftExpression;
	readonly flags?: NftList<'random' | 'fully-random' | 'persistent' | 'netmap'>;
};

export type NftDynamic = {
	readonly op: 'add' | 'update' | 'delete';
	readonly elem: NftExpression;
	/** What each element does of its own, such as a limit. */
	readonly stmt?: readonly NftStatement[];
};

export type NftLog = {
	readonly prefix?: string;
	readonly group?: number;
	readonly snaplen?: number;
	readonly 'queue-threshold'?: number;
	readonly level?:
		'emerg' | 'alert' | 'crit' | 'err' | 'warn' | 'notice' | 'info' | 'debug' | 'audit';
	readonly flags?: NftList<
		'tcp sequence' | 'tcp options' | 'ip options' | 'skuid' | 'ether' | 'all'
	>;
};

export type NftList<T> = T | readonly T[];
