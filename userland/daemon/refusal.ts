// SPDX-License-Identifier: MIT

/**
 * Why two domains have no channel: one word for programs, one sentence for people. The detail is
 * another word, which an end says of its own side.
 */
export type Refusal = {
	readonly code: RefusalCode;
	readonly reason: string;
	readonly detail?: string | undefined;
};

type RefusalCode =
	/** The domain does not run coloopd with the module */
	| 'absent'
	/** No version of the protocol is spoken by both */
	| 'version'
	/** Taken down with `coloop down` */
	| 'held'
	/** No policy rule allows it, or one denies it */
	| 'policy'
	/** A domain's name is another's too, or none that a rule can say */
	| 'name'
	/** The domains meet on no Linux bridge of dom0 */
	| 'bridge'
	/** A vif has a rate limit that no channel can keep */
	| 'rate'
	/** An Ethernet address is on the bridge more than once */
	| 'mac'
	/** A rule of dom0 would be bypassed */
	| 'rule'
	/** What policy or the toolstack lets an end send would not be enforced by the other */
	| 'limits'
	/** The announced interface is not here, or may not receive from a channel */
	| 'device'
	/** Policy lets all channels hold no more */
	| 'memory'
	/** Dom0's coloopd is silent for longer than policy lets channels live on */
	| 'host-silent';
