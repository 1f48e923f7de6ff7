// SPDX-License-Identifier: MIT
import * as z from 'zod/mini';
import {ColoopError} from '../errors.ts';
import type {FleetConfig} from './config.ts';
import {readCredentials} from './credentials.ts';
import {createCaller, notReached, type Caller} from './http.ts';
import {answerBytesMost, valueBytesMost} from './limits.ts';
import {linesOf} from './lines.ts';

export type Key = {readonly key: string; readonly modRevision: number};
type Keys = {readonly revision: number; readonly keys: readonly Key[]};

/** What is to be written, if all keys that are told still are as they were. */
type Swap = {
	readonly prefix: string;
	/** The store's revision when the keys were read. */
	readonly revision: number;
	readonly unchanged: readonly Key[];
	readonly put: ReadonlyArray<{readonly key: string; readonly value: Uint8Array}>;
	readonly remove: readonly string[];
};

/** One member of etcd, by the JSON gateway (`/v3/`) that each has. What fails throws FLEET. */
export type Etcd = {
	readonly endpoint: string;
	/** At most so many keys with a prefix, as a quorum has them, and the revision of the store. */
	list(prefix: string, most: number, signal: AbortSignal): Promise<Keys>;
	/** Undefined where there was none at that revision. Throws TooLong. */
	get(key: string, revision: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
	/**
	 * From that revision on, the one after each change of a key with the prefix, undefined where it is not known. Ends
	 * where the member stops; throws where it cannot go on.
	 */
	watch(
		prefix: string,
		revision: number,
		signal: AbortSignal,
	): AsyncGenerator<number | undefined, void, undefined>;
	/** The revision that it made; undefined where a key has changed, and nothing was written. */
	swap(swap: Swap, signal: AbortSignal): Promise<number | undefined>;
	close(): void;
};

/** Reads credentials, and logs in where there is a user. */
export async function openEtcd(
	endpoint: string,
	config: FleetConfig,
	signal: AbortSignal,
): Promise<Etcd> {
	const credentials = await readCredentials(config);
	const caller = createCaller(endpoint, credentials);
	try {
		if (credentials.login) {
			const {token} = await ask(caller, 'auth/authenticate', credentials.login, {
				...{shape: z.object({token: z.string()}), signal},
			});
			caller.authorize(token);
		}
	} catch (error) {
		caller.close();
		throw error;
	}

	return {
		endpoint,
		close: caller.close,
		async list(prefix, most, signal) {
			const body = {...rangeOf(prefix), keys_only: true, limit: most};
			const answer = await ask(caller, 'kv/range', body, {shape: range, signal});
			const keys = answer.kvs.map(({key, mod_revision: modRevision}) => ({
				...{key: fromBase64(key).toString('utf8'), modRevision},
			}));

			return {revision: answer.header.revision, keys};
		},
		async get(key, revision, signal) {
			const body = {key: toBase64(key), revision};
			const limits = {shape: range, signal, bytesMost: valueBytesMost};
			const {kvs} = await ask(caller, 'kv/range', body, limits);

			return kvs[0] && fromBase64(kvs[0].value);
		},
		watch: (prefix, revision, signal) => watch(caller, prefix, revision, signal),
		async swap(swap, signal) {
			const answer = await ask(caller, 'kv/txn', transaction(swap), {shape: swapped, signal});

			return answer.succeeded ? answer.header.revision : undefined;
		},
	};
}

/** Numbers of 64 bits are texts, and what is 0, false or empty is left out. */
const number = z._default(z.pipe(z.string(), z.transform(Number)), 0);
const header = z.object({revision: number});
const range = z.object({
	header,
	kvs: z._default(
		z.array(
			z.object({
				...{key: z.string(), mod_revision: number},
				value: z._default(z.string(), ''),
			}),
		),
		[],
	),
});
const swapped = z.object({header, succeeded: z._default(z.boolean(), false)});
/** Of 3.4 with both, of 3.5 without `error`. */
const failure = z.union([z.object({message: z.string()}), z.object({error: z.string()})]);
const watched = z.object({
	result: z.optional(
		z.object({
			header,
			events: z.optional(z.array(z.unknown())),
			canceled: z.optional(z.boolean()),
			cancel_reason: z.optional(z.string()),
			compact_revision: z.optional(z.string()),
		}),
	),
	error: z.optional(z.object({message: z._default(z.string(), 'an error')})),
});

type Asking<T extends z.ZodMiniType> = {
	readonly shape: T;
	readonly signal: AbortSignal;
	readonly bytesMost?: number;
};

async function ask<T extends z.ZodMiniType>(
	caller: Caller,
	what: string,
	body: unknown,
	{shape, signal, bytesMost = answerBytesMost}: Asking<T>,
): Promise<z.infer<T>> {
	const {endpoint} = caller;
	const text = await caller.call(`/v3/${what}`, body, {signal, bytesMost});
	const json = fromJson(text.toString('utf8'), endpoint);
	const parsed = z.safeParse(shape, json);
	if (parsed.success) {
		return parsed.data;
	}
	const failed = z.safeParse(failure, json);
	if (failed.success) {
		const {data} = failed;
		throw refused(endpoint, 'message' in data ? data.message : data.error);
	}
	throw garbled(endpoint, `/v3/${what}`);
}

async function* watch(caller: Caller, prefix: string, revision: number, signal: AbortSignal) {
	const body = {...rangeOf(prefix), start_revision: revision};
	const response = await caller.post('/v3/watch', {create_request: body}, signal);
	try {
		for await (const line of linesOf(response, answerBytesMost)) {
			const change = line === undefined ? {isChange: true} : parseWatched(line, caller);
			if (change.isChange) {
				yield change.revision;
			}
		}
	} catch (error) {
		throw error instanceof ColoopError ? error : notReached(caller.endpoint, error);
	} finally {
		response.destroy();
	}
}

type Change = {readonly isChange: boolean; readonly revision?: number};

function parseWatched(line: string, {endpoint}: Caller): Change {
	const parsed = z.safeParse(watched, fromJson(line, endpoint));
	const {result, error} = parsed.data ?? {};
	if (error) {
		throw refused(endpoint, error.message);
	}
	if (!result) {
		throw garbled(endpoint, '/v3/watch');
	}
	const {canceled, cancel_reason: reason, compact_revision: compacted, events, header} = result;
	if (canceled) {
		const why = compacted === undefined ? 'no reason' : 'etcd has compacted its history';
		throw refused(endpoint, `the watch was ended: ${reason || why}`);
	}

	return {isChange: events !== undefined, revision: header.revision};
}

function transaction({prefix, revision, unchanged, put, remove}: Swap) {
	return {
		compare: [
			/* No key has come or changed, and of those that there were none has gone. */
			{...rangeOf(prefix), target: 'MOD', result: 'LESS', mod_revision: `${revision + 1}`},
			...unchanged.map(({key, modRevision}) => ({
				...{key: toBase64(key), target: 'MOD', result: 'EQUAL'},
				mod_revision: `${modRevision}`,
			})),
		],
		success: [
			...put.map(({key, value}) => ({
				request_put: {key: toBase64(key), value: Buffer.from(value).toString('base64')},
			})),
			...remove.map(key => ({request_delete_range: {key: toBase64(key)}})),
		],
	};
}

/** All keys that begin with it: up to the first that comes behind them. */
function rangeOf(prefix: string) {
	const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;

	return {key: toBase64(prefix), range_end: toBase64(end)};
}

function toBase64(text: string): string {
	return Buffer.from(text).toString('base64');
}

function fromBase64(text: string): Buffer {
	return Buffer.from(text, 'base64');
}

function fromJson(text: string, endpoint: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw garbled(endpoint, 'what was asked');
	}
}

function garbled(endpoint: string, what: string): ColoopError {
	return new ColoopError('FLEET', `${endpoint}: the answer to ${what} is none of etcd's`, {
		hint: 'is it the URL of an etcd of version 3.4 or newer, with --enable-grpc-gateway?',
	});
}

function refused(endpoint: string, why: string): ColoopError {
	const hint = hints.find(([about]) => about.test(why))?.[1];

	return new ColoopError('FLEET', `${endpoint}: ${why}`, hint === undefined ? {} : {hint});
}

const hints: ReadonlyArray<readonly [RegExp, string]> = [
	[
		/authentication is not enabled/,
		'the configuration has a user, and this etcd asks nobody who he is: etcdctl auth enable',
	],
	[/authentication failed/, 'are `user` and the content of `password_file` right?'],
	[
		/user name is empty/,
		'etcd wants a user: `user` and `password_file` (its gateway does not know one by a certificate)',
	],
	[/permission denied/, 'the user has no role that may do that with keys of this prefix'],
	[/request is too large/, 'etcd takes 1.5 MiB in one step unless --max-request-bytes says more'],
];
