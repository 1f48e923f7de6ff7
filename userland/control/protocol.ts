// SPDX-License-Identifier: MIT
import * as z from 'zod/mini';
import {ColoopError, errorCodes, type ErrorCode} from '../errors.ts';
import {event, status} from './status.ts';

export type {PairStatus, PeerEvent, PeerStatus, State, Status, Trouble} from './status.ts';

/*
 * One line of JSON each way: the CLI asks, the daemon answers. The status is also what
 * `coloop -j` prints; userland/README.md tells what every field means.
 */

/** Longest answer: an older daemon tells half a million pairs of a thousand guests in one. */
export const maxLine = 256 * 1024 * 1024;
export const maxRequest = 64 * 1024;

/**
 * What of the status is asked for. A request without it asks for everything, as commands older than
 * it do; a daemon older than it refuses the request. Keys that we do not know are a newer command's.
 */
const want = z.object({
	peers: z.enum(['all', 'none', 'unless-pairs']),
	/** `some`: the most interesting; `all`: one page after the other, refused ones too. */
	pairs: z.enum(['none', 'some', 'all']),
	/** Only of this domain, or of this pair; by name or domid. */
	names: z.optional(z.array(z.string()).check(z.maxLength(2))),
	/** The page that follows the pair with these domids. */
	after: z.optional(z.tuple([z.number(), z.number()])),
	/** In dom0 every domain of the host, too. */
	domains: z.optional(z.boolean()),
});

const request = z.discriminatedUnion('op', [
	z.strictObject({op: z.literal('status'), want: z.optional(want)}),
	z.strictObject({
		op: z.literal('up'),
		names: z.array(z.string()).check(z.minLength(1), z.maxLength(2)),
	}),
	z.strictObject({
		op: z.literal('down'),
		names: z.array(z.string()).check(z.minLength(1), z.maxLength(2)),
	}),
	z.strictObject({op: z.literal('reload')}),
	/** Answered by one line an event, those of before first; `follow`: then as they happen, without end. */
	z.strictObject({op: z.literal('observe'), follow: z.optional(z.boolean())}),
]);

const answer = z.discriminatedUnion('ok', [
	z.object({ok: z.literal(true), status: z.optional(status), event: z.optional(event)}),
	z.object({
		ok: z.literal(false),
		code: z.catch(z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]), 'PROTOCOL'),
		message: z.string(),
		hint: z.optional(z.string()),
	}),
]);

/** What one answer is enough for. */
export type Request = Exclude<z.infer<typeof request>, {op: 'observe'}>;
/** What is answered by line after line. */
export type Observation = Extract<z.infer<typeof request>, {op: 'observe'}>;
export type Want = z.infer<typeof want>;
export type Answer = z.infer<typeof answer>;

export function parseRequest(line: string): Request | Observation {
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
	if (parsed.success) {
		return parsed.data;
	}
	const [issue] = parsed.error.issues;
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
