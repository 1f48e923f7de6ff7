// SPDX-License-Identifier: MIT
import * as z from 'zod/mini';
import {ColoopError, errorCodes, type ErrorCode} from '../errors.ts';

/*
 * One line of JSON each way: the CLI asks, the daemon answers. The status is also what
 * `coloop -j` prints; userland/README.md tells what every field means.
 */

/** Longest answer: a thousand guests are half a million pairs of some 400 bytes. */
export const maxLine = 256 * 1024 * 1024;
export const maxRequest = 64 * 1024;

const request = z.discriminatedUnion('op', [
	z.strictObject({op: z.literal('status')}),
	z.strictObject({
		op: z.literal('up'),
		names: z.array(z.string()).check(z.minLength(1), z.maxLength(2)),
	}),
	z.strictObject({
		op: z.literal('down'),
		names: z.array(z.string()).check(z.minLength(1), z.maxLength(2)),
	}),
	z.strictObject({op: z.literal('reload')}),
]);

/** Every state a user sees. */
export const states = {
	ready: 'allowed and announced; the first packet opens a channel',
	offered: 'our memory is granted and waits for the peer',
	mapped: 'we mapped the peer and wait for it to map us',
	live: 'packets take the channel',
	draining: 'the channel is ending, what is in it is delivered',
	broken: 'the peer broke the protocol; waits for a new epoch',
	stalled: 'the peer stopped taking data; waits for a new epoch',
	closed: 'the channel ended; waits for a new epoch',
	held: 'taken down with `coloop down`',
	refused: 'may not have a channel; the reason says why',
} as const;

export type State = keyof typeof states;

const state = z.enum(Object.keys(states) as [State, ...State[]]);

const counters = {
	tx_packets: z.number(),
	tx_bytes: z.number(),
	rx_packets: z.number(),
	rx_bytes: z.number(),
	events_sent: z.number(),
	events_received: z.number(),
	backlogged: z.number(),
	returned: z.number(),
	dropped_backlog: z.number(),
	dropped_source: z.number(),
	dropped_header: z.number(),
	dropped_memory: z.number(),
	dropped_device: z.number(),
};

const peer = z.object({
	peer: z.string(),
	domid: z.number(),
	state,
	code: z.nullable(z.string()),
	reason: z.nullable(z.string()),
	since: z.nullable(z.number()),
	epoch: z.number(),
	wanted: z.boolean(),
	rule: z.nullable(z.string()),
	last_failure: z.nullable(z.string()),
	/** What the peer says of us, `<code>[ <detail>]`. */
	peer_declines: z.nullable(z.string()),
	links: z.array(
		z.object({
			interface: z.string(),
			local_mac: z.string(),
			remote_mac: z.string(),
			mtu: z.nullable(z.number()),
			blocked: z.nullable(z.string()),
		}),
	),
	ring_bytes: z.nullable(z.number()),
	peer_ring_bytes: z.nullable(z.number()),
	/** Rings of that size each way; null before both sides have met. */
	queues: z.nullable(z.number()),
	queued_bytes: z.number(),
	/** How long to wait for the next packet before sleeping, in microseconds; the module does not yet. */
	busy_poll_us: z.number(),
	/** Packets that took the ordinary path, by reason. */
	ordinary: z.record(z.string(), z.number()),
	...counters,
});

const end = z.object({name: z.string(), domid: z.number()});

const pair = z.object({
	a: end,
	b: end,
	state,
	code: z.nullable(z.string()),
	reason: z.nullable(z.string()),
	since: z.nullable(z.number()),
	epoch: z.nullable(z.number()),
	rule: z.nullable(z.string()),
	/** What each end says of the other, `<code>[ <detail>]`. */
	a_declines: z.nullable(z.string()),
	b_declines: z.nullable(z.string()),
	links: z.array(
		z.object({
			bridge: z.string(),
			a_vif: z.string(),
			a_mac: z.string(),
			b_vif: z.string(),
			b_mac: z.string(),
		}),
	),
	a_to_b_packets: z.number(),
	a_to_b_bytes: z.number(),
	b_to_a_packets: z.number(),
	b_to_a_bytes: z.number(),
});

const moduleInfo = z.object({
	version: z.string(),
	interface: z.nullable(z.string()),
	peers: z.number(),
	channels: z.number(),
	grants: z.number(),
	/** Null where the module does not say. */
	grant_limit: z.nullable(z.number()),
	maps: z.number(),
	ports: z.number(),
	deferred: z.number(),
});

const status = z.object({
	version: z.string(),
	roles: z.array(z.enum(['host', 'endpoint'])),
	domid: z.nullable(z.number()),
	/** Null where nobody looks, e.g. while XenStore does not answer. */
	module_loaded: z.nullable(z.boolean()),
	module: z.nullable(moduleInfo),
	policy_directory: z.nullable(z.string()),
	policy_errors: z.array(z.string()),
	/** What keeps a role from running, e.g. that XenStore does not answer. */
	problems: z.array(z.string()),
	peers: z.array(peer),
	/** Null where there is no host role. */
	pairs: z.nullable(z.array(pair)),
});

const answer = z.discriminatedUnion('ok', [
	z.object({ok: z.literal(true), status: z.optional(status)}),
	z.object({
		ok: z.literal(false),
		code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
		message: z.string(),
		hint: z.optional(z.string()),
	}),
]);

export type Request = z.infer<typeof request>;
export type PeerStatus = z.infer<typeof peer>;
export type PairStatus = z.infer<typeof pair>;
export type Status = z.infer<typeof status>;
export type Answer = z.infer<typeof answer>;

export function parseRequest(line: string): Request {
	return parse(request, line, 'request');
}

export function parseAnswer(line: string): Answer {
	return parse(answer, line, 'answer');
}

export function refuse(error: unknown): Answer {
	if (error instanceof ColoopError) {
		const {code, message, hint} = error;
		return {ok: false, code, message, ...(hint === undefined ? {} : {hint})};
	}
	const message = error instanceof Error ? error.message : String(error);
	return {ok: false, code: 'PROTOCOL', message};
}

function parse<T extends z.ZodMiniType>(type: T, line: string, what: string): z.infer<T> {
	const parsed = z.safeParse(type, parseJson(line, what));
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	const where = [what, ...(issue?.path ?? [])].join('.');
	throw new ColoopError('PROTOCOL', `${where}: ${issue?.message ?? 'not well formed'}`, {
		hint: 'are coloop and coloopd of the same version?',
	});
}

function parseJson(line: string, what: string): unknown {
	try {
		return JSON.parse(line);
	} catch (cause) {
		throw new ColoopError('PROTOCOL', `${what}: expected one line of JSON`, {cause});
	}
}
