// SPDX-License-Identifier: MIT
import type {Limits} from '../limits.ts';
import type {SelectionWords} from './selectors.ts';

/** Where a rule stands, for people: `30-site.yaml:12:3`. Line and column count from 1. */
export type RuleSource = {readonly file: string; readonly line: number; readonly column: number};

/** A name pattern: an exact domain name, or a glob with `*` (any run) and `?` (one code point). */
export type NamePattern = string;

/**
 * Whom a rule names, as the file has it. A text is a name or a glob but for two words: `dom0`, and
 * `any-guest`, which is every domain but dom0. In `name` nothing is a wildcard or such a word; a UUID is in
 * small letters.
 */
export type Who = NamePattern | {readonly name: string} | {readonly uuid: string} | TagWho;

type TagWho = {readonly tag: string};

/** A domain as rules see it. */
export type Identity = {
	readonly name: string;
	readonly uuid?: string | undefined;
	/** Those that dom0 gives it in XenStore, beside those of files. */
	readonly tags?: readonly string[] | undefined;
	/** Only whether it is 0 counts: dom0 is known by that. */
	readonly domid?: number | undefined;
	/** Another domain has the name too, or claims it: it allows nothing by itself. */
	readonly isNameShared?: boolean | undefined;
};

/** Domains that rules name together. */
export type Tag = {
	readonly tag: string;
	readonly members: readonly Who[];
	readonly source: RuleSource;
};

type RuleBody = {
	readonly action: 'allow' | 'deny';
	/** Most that our rings have, in 4096-byte pages: 2^n from 32 to 512; undefined: default. */
	readonly ringPages: number | undefined;
	/** What they have while they are quiet, at most that. */
	readonly ringPagesMin: number | undefined;
	/** Most queues: 1, 2, 4 or 8; undefined: default. */
	readonly queues: number | undefined;
	/** A channel that carried nothing for so long ends, and comes back with the next packet. */
	readonly idleTimeoutS?: number | undefined;
	/** False: a channel is made at once, not only for a packet; undefined: not said. */
	readonly isOnDemand?: boolean | undefined;
	/** Decides and counts, but diverts nothing. */
	readonly isAudit?: boolean | undefined;
	readonly source: RuleSource;
} & SelectionWords;

/** Host policy: may these two domains share a channel? The pair matches either way round. */
export type PairRule = RuleBody & {readonly between: readonly [Who, Who]};

/** A guest's (and dom0's own) policy: do we accept this peer? */
export type AcceptRule = RuleBody & {
	readonly peer: Who;
	/** How long to wait for the peer's next packet before sleeping; undefined: not at all. */
	readonly busyPollUs: number | undefined;
	/** Most pages that are granted to the peer, beyond the rings; undefined or 0: none, and none of the peer's are mapped. */
	readonly fragPages?: number | undefined;
};

/**
 * What a domain may send over channels; the first that names it counts. As what denies, it holds for a domain whose name is
 * another's, too.
 */
export type LimitsRule = {
	readonly action: 'deny';
	readonly domain: Who;
	readonly limits: Limits;
	readonly source: RuleSource;
};

/** First match wins; no match is deny. */
export type Policy = {
	readonly pairs: readonly PairRule[];
	readonly accept: readonly AcceptRule[];
	readonly limits?: readonly LimitsRule[];
	/** How long a channel may outlive the last word of dom0's host role; undefined: not said. */
	readonly hostSilence: HostSilence | undefined;
	/** Most that all channels of this domain may hold together, in MiB. */
	readonly memory?: MemoryLimit | undefined;
	/** Of one name there may be several, which count together. */
	readonly tags?: readonly Tag[];
	/** Files whose rules stand before its own; of a policy that is in force, none. */
	readonly includes?: readonly Include[];
};

/** `path` as the file has it: relative to where that file stands. */
export type Include = {readonly path: string; readonly source: RuleSource};

type MemoryLimit = {readonly mib: number; readonly source: RuleSource};

type HostSilence = {readonly seconds: number | 'never'; readonly source: RuleSource};

/** The answer; no rule matched where `rule` is undefined (that is deny). */
export type Verdict<R extends {readonly source: RuleSource} = PairRule | AcceptRule> = {
	readonly action: 'allow' | 'deny';
	readonly rule: R | undefined;
};
