// SPDX-License-Identifier: MIT
import * as http from 'node:http';
import * as https from 'node:https';
import {ColoopError} from '../errors.ts';
import type {Credentials} from './credentials.ts';

/** Keeps connections to one member. */
export type Caller = {
	readonly endpoint: string;
	/** Sends JSON; answers once headers came, within the time for an answer. What the signal ends throws. */
	post(path: string, body: unknown, signal: AbortSignal): Promise<http.IncomingMessage>;
	/** The whole answer. Throws TooLong. */
	call(path: string, body: unknown, limits: Limits): Promise<Buffer>;
	/** Sent with all that follows. */
	authorize(token: string): void;
	close(): void;
};

type Limits = {readonly signal: AbortSignal; readonly bytesMost: number};

/** An answer of so many bytes is not read to its end. */
export class TooLong extends ColoopError {}

/** A member that needs longer is as good as none: there are others. */
const answerMs = 5000;

export function createCaller(endpoint: string, {ca, own}: Credentials): Caller {
	const {request, Agent} = endpoint.startsWith('https:') ? https : http;
	const agent = new Agent({
		...{keepAlive: true, keepAliveMsecs: 10_000, maxSockets: 4},
		...(ca && {ca: Buffer.from(ca)}),
		...(own && {cert: Buffer.from(own.cert), key: Buffer.from(own.key)}),
	});
	let authorization = {};

	const post: Caller['post'] = (path, body, signal) =>
		new Promise((resolve, reject) => {
			const text = JSON.stringify(body);
			const sent = request(new URL(path, endpoint), {
				...{method: 'POST', agent, signal},
				headers: {
					'content-type': 'application/json',
					'content-length': Buffer.byteLength(text),
					/* A member that has lost its leader, and so hears nothing new, is to say so. */
					'grpc-metadata-hasleader': 'true',
					...authorization,
				},
			});
			const late = () => sent.destroy(new Error(`no answer within ${answerMs / 1000} s`));
			const timer = setTimeout(late, answerMs);
			sent.once('response', response => {
				clearTimeout(timer);
				resolve(response);
			});
			sent.once('error', error => {
				clearTimeout(timer);
				reject(notReached(endpoint, error));
			});
			sent.end(text);
		});

	return {
		...{endpoint, post},
		async call(path, body, {signal, bytesMost}) {
			const response = await post(path, body, signal);
			const late = setTimeout(() => response.destroy(new Error('it stopped')), answerMs);
			try {
				return await readAll(response, bytesMost, endpoint);
			} catch (error) {
				throw error instanceof TooLong ? error : notReached(endpoint, error);
			} finally {
				clearTimeout(late);
			}
		},
		authorize(token) {
			authorization = {authorization: token};
		},
		close: () => agent.destroy(),
	};
}

async function readAll(
	response: http.IncomingMessage,
	bytesMost: number,
	endpoint: string,
): Promise<Buffer> {
	const pieces: Buffer[] = [];
	let length = 0;
	/* Who leaves this loop early ends the connection. */
	for await (const piece of response as AsyncIterable<Buffer>) {
		length += piece.length;
		if (length > bytesMost) {
			throw new TooLong('FLEET', `${endpoint}: more than ${bytesMost} bytes in one answer`);
		}
		pieces.push(piece);
	}

	return Buffer.concat(pieces);
}

export function notReached(endpoint: string, error: unknown): ColoopError {
	const {message, code} = error as NodeJS.ErrnoException;
	/* Node's word for an answer that breaks off; where every address of a name was tried, it says only a code. */
	const why = message === 'aborted' ? 'the connection broke' : message || code || String(error);

	return new ColoopError('FLEET', `${endpoint}: ${why}`, {
		cause: error,
		hint: hintOf(code, endpoint),
	});
}

function hintOf(code: string | undefined, endpoint: string): string {
	if (/CERT|SIGNATURE|ISSUER/.test(code ?? '')) {
		return '`ca` in the configuration names who vouches for the members';
	}

	return `is etcd up, and does a rule or a route keep us from it? curl ${endpoint}/version`;
}
