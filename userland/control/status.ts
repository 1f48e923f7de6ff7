// SPDX-License-Identifier: MIT
import * as z from 'zod/mini';

/** Every state a user sees. */
export type State =
	/** Allowed and announced; the first packet opens a channel */
	| 'ready'
	/** Our memory is granted and waits for the peer */
	| 'offered'
	/** We mapped the peer and wait for it to map us */
	| 'mapped'
	/** Packets take the channel */
	| 'live'
	/** The channel is ending, what is in it is delivered */
	| 'draining'
	/** The peer broke the protocol; waits for a new epoch */
	| 'broken'
	/** The peer stopped taking data; waits for a new epoch */
	| 'stalled'
	/** The channel ended; waits for a new epoch */
	| 'closed'
	/** Taken down with `coloop down` */
	| 'held'
	/** May not have a channel; the reason says why */
	| 'refused';

/*
 * Answers come from a coloopd of another age: a field that it does not know, and that an older one
 * therefore does not tell, is what `null`, 0 or nothing says; a word that we do not know is a newer one's.
 */
const word = z.string();
const text = z._default(z.nullable(z.string()), null);
const number = z._default(z.nullable(z.number()), null);
const count = z._default(z.number(), 0);
const list = <T extends z.ZodMiniType>(type: T) => z._default(z.array(type), []);

const counters = {
	tx_packets: count,
	tx_bytes: count,
	rx_packets: count,
	rx_bytes: count,
	events_sent: count,
	events_received: count,
	backlogged: count,
	returned: count,
	dropped_backlog: count,
	dropped_source: count,
	dropped_header: count,
	dropped_memory: count,
	dropped_device: count,
	/** How often a reader has waited in Xen instead of sleeping, and how often a packet ended that. */
	waits: count,
	waits_paid: count,
};

const peer = z.object({
	peer: z.string(),
	domid: z.number(),
	state: word,
	code: text,
	reason: text,
	since: number,
	epoch: count,
	wanted: z._default(z.boolean(), false),
	rule: text,
	last_failure: text,
	/** What the peer says of us, `<code>[ <detail>]`. */
	peer_declines: text,
	links: list(
		z.object({
			interface: z.string(),
			local_mac: z.string(),
			remote_mac: z.string(),
			mtu: number,
			blocked: text,
		}),
	),
	ring_bytes: number,
	peer_ring_bytes: number,
	/** Rings of that size each way; null before both sides have met. */
	queues: number,
	queued_bytes: count,
	/** What each may send, as sentences, `rate: 8 Mbit/s`; absent: anything. */
	a_limits: z.optional(z.array(z.string())),
	b_limits: z.optional(z.array(z.string())),
	/** Packets that would have been diverted, if not for `mode: audit`; absent where it is not audited. */
	audited_packets: z.optional(z.number()),
	/** How long sockets poll busily for the next packet before they sleep, in microseconds. */
	busy_poll_us: count,
	/** Which packets we divert, as sentences for people, `only:` or `except:` before each; absent: all. */
	selectors: z.optional(z.array(z.string())),
	/** Packets that took the ordinary path, by reason. */
	ordinary: z._default(z.record(z.string(), z.number()), {}),
	...counters,
});

const end = z.object({
	name: z.string(),
	domid: z.number(),
	/** Null where the toolstack gave it none. */
	uuid: z.optional(z.nullable(z.string())),
	/** Those that dom0 gives it in XenStore; absent: none. */
	tags: z.optional(z.array(z.string())),
	/** Another domain has the name too. */
	is_name_shared: z.optional(z.boolean()),
});

const pair = z.object({
	a: end,
	b: end,
	state: word,
	code: text,
	reason: text,
	since: number,
	epoch: number,
	rule: text,
	/** What each end says of the other, `<code>[ <detail>]`. */
	a_declines: text,
	b_declines: text,
	links: list(
		z.object({
			bridge: z.string(),
			a_vif: z.string(),
			a_mac: z.string(),
			b_vif: z.string(),
			b_mac: z.string(),
		}),
	),
	/** What each may send, as sentences, `rate: 8 Mbit/s`; absent: anything. */
	a_limits: z.optional(z.array(z.string())),
	b_limits: z.optional(z.array(z.string())),
	/** Packets that would have been diverted, if not for `mode: audit`; absent where nothing is audited. */
	audited_packets: z.optional(z.number()),
	a_to_b_packets: count,
	a_to_b_bytes: count,
	b_to_a_packets: count,
	b_to_a_bytes: count,
});

const moduleInfo = z.object({
	version: z.string(),
	interface: text,
	peers: count,
	channels: count,
	grants: count,
	/** Null where the module does not say. */
	grant_limit: number,
	maps: count,
	ports: count,
	deferred: count,
});

const trouble = z.object({
	/** Seconds since 1970. */
	time: z.number(),
	/** `warn`, `error` */
	level: word,
	/** As the log calls it: `role.failed`. */
	event: z.string(),
	message: text,
	/** What to do, where the line said so. */
	hint: z.optional(z.string()),
});

/** What of the policy etcd has, and how we stand with it. */
const fleet = z.object({
	/** `etcd:/coloop/policy/` */
	source: z.string(),
	/** The member that is heard; null: none. */
	endpoint: text,
	/** The last revision at which one of its documents was written, and their token; null: never read. */
	revision: number,
	token: text,
	documents: count,
	/** Whether it is these that are in force, and not the ones before. */
	in_force: z.boolean(),
	/** When etcd last had them, in seconds since 1970. */
	confirmed: number,
	problem: text,
});

/** What `coloop -j` prints. */
export const status = z.object({
	version: z.string(),
	roles: list(word),
	domid: number,
	/** Whether dom0's host role is heard by our endpoint role: `lives`, `silent`, `unknown`. */
	host: z.optional(word),
	/** Null where nobody looks, e.g. while XenStore does not answer. */
	module_loaded: z._default(z.nullable(z.boolean()), null),
	module: z._default(z.nullable(moduleInfo), null),
	policy_directory: text,
	policy_errors: list(z.string()),
	/** What is well formed and surely not meant. */
	policy_warnings: z.optional(z.array(z.string())),
	/** Policy of an etcd; absent where there is none. */
	fleet: z.optional(fleet),
	/** What keeps a role from running, e.g. that XenStore does not answer. */
	problems: list(z.string()),
	peers: list(peer),
	/** Null where there is no host role, or none were asked for. */
	pairs: z._default(z.nullable(z.array(pair)), null),
	/** Of the host, with the bridges that each is on; where they were asked for. */
	domains: z.optional(
		z.array(
			z.object({
				name: z.string(),
				domid: z.number(),
				uuid: z.optional(z.nullable(z.string())),
				tags: z.optional(z.array(z.string())),
				bridges: list(z.string()),
			}),
		),
	),
	/** Whom the names of the request mean; null: nobody. */
	meant: z.optional(z.array(z.nullable(end))),
	/** Pairs that are not in `pairs`, as they are less interesting. */
	pairs_left: z.optional(z.object({open: z.number(), refused: z.number()})),
	/** `pairs` is one page; this begins the next. */
	pairs_after: z.optional(z.tuple([z.number(), z.number()])),
	/** The last warnings and errors of the log, the oldest first; absent where they are not known. */
	troubles: z.optional(z.array(trouble)),
});

/** A line of what `coloop observe` asks for. */
export const event = z.object({
	/** Seconds since 1970. */
	time: z.number(),
	/** `opened`, `closed`, `refused`, `fallen-back`, `broken`; a newer daemon may know more. */
	event: word,
	peer: z.string(),
	domid: z.number(),
	/** The other end of the pair; null where that is the domain itself. */
	other: text,
	other_domid: number,
	epoch: number,
	code: text,
	reason: text,
});

export type PeerStatus = z.infer<typeof peer>;
export type PairStatus = z.infer<typeof pair>;
export type Status = z.infer<typeof status>;
export type Trouble = z.infer<typeof trouble>;
export type PeerEvent = z.infer<typeof event>;
