// SPDX-License-Identifier: MIT

/** Why two domains have no channel: one word for programs, one sentence for people. */
export type Refusal = {readonly code: RefusalCode; readonly reason: string};

/** Every word, with its meaning. */
const refusalCodes = {
	absent: 'the domain does not run coloopd with the module',
	version: 'no version of the protocol is spoken by both',
	held: 'taken down with `coloop down`',
	policy: 'no policy rule allows it, or one denies it',
	name: "a domain's name is another's too, or none that a rule can say",
	bridge: 'the domains meet on no Linux bridge of dom0',
	rate: 'a vif has a rate limit that a channel would not keep',
	mac: 'an Ethernet address is on the bridge more than once',
	rule: 'a rule of dom0 would be bypassed',
	device: 'the announced interface is not here, or may not receive from a channel',
	'host-silent': "dom0's coloopd is silent for longer than policy lets channels live on",
} as const;

type RefusalCode = keyof typeof refusalCodes;
