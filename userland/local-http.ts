// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {lstat, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {connect, isIP} from 'node:net';
import {ColoopError} from './errors.ts';
import {makeFile} from './new-file.ts';
import {fitSocketPath} from './socket-path.ts';

/** Where a page is served: never farther than this machine. */
export type LocalPlace =
	| {readonly kind: 'loopback'; readonly host: string; readonly port: number}
	| {readonly kind: 'socket'; readonly path: string};

/** `127.0.0.1:9101`, `[::1]:9101`, `localhost:9101` or an absolute path; throws USAGE for all else. */
export function parseLocalPlace(text: string, option: string): LocalPlace {
	if (text.startsWith('/')) {
		return {kind: 'socket', path: fitSocketPath(text, option)};
	}
	const [, host = '', digits = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
	const address = host.replace(/^\[(.*)\]$/, '$1');
	const port = Number(digits);
	if (digits === '' || port > 65_535) {
		throw new ColoopError('USAGE', `${option}: expected 127.0.0.1:PORT or /PATH, got ${text}`);
	}
	if (!isLoopback(address)) {
		throw new ColoopError('USAGE', `${option}: ${host || 'every address'} is not loopback`, {
			hint: 'nobody is asked for a password there; use 127.0.0.1 and a proxy or SSH in front',
		});
	}

	return {kind: 'loopback', host: address, port};
}

/** As a person writes it; `port`: of a place whose port was left to the system. */
export function placeText(place: LocalPlace, port?: number): string {
	if (place.kind === 'socket') {
		return place.path;
	}
	const host = isIP(place.host) === 6 ? `[${place.host}]` : place.host;

	return `${host}:${port ?? place.port}`;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Answers GET and HEAD there until the signal aborts. A browser that was led to a loopback address by a
 * foreign name (DNS rebinding) says that name, and gets nothing; so does one whose SSH leads to a socket.
 * `listening` is told the port.
 */
export async function serveLocally(
	place: LocalPlace,
	handle: Handler,
	signal: AbortSignal,
	listening: (port: number | undefined) => void = () => {},
): Promise<void> {
	const server = createServer(
		{requestTimeout: 10_000, maxHeaderSize: 8192},
		(request, response) => {
			if (refuse(request, response)) {
				return;
			}
			handle(request, response);
		},
	);
	server.maxConnections = 100;
	await listen(server, place);
	const address = server.address();
	listening(typeof address === 'object' ? address?.port : undefined);
	if (!signal.aborted) {
		await once(signal, 'abort');
	}
	server.closeAllConnections();
	server.close();
	await once(server, 'close');
}

function refuse(request: IncomingMessage, response: ServerResponse): boolean {
	const {method, headers} = request;
	/* What a page of another origin embeds must not tell it anything. */
	response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
	response.setHeader('X-Content-Type-Options', 'nosniff');
	if (!isLoopback(hostOf(headers.host ?? ''))) {
		response.writeHead(421).end('served under a loopback name only, as http://localhost/\n');

		return true;
	}
	if (method !== 'GET' && method !== 'HEAD') {
		response.writeHead(405, {Allow: 'GET, HEAD'}).end('GET only\n');

		return true;
	}

	return false;
}

/** Of `host:port` or `[host]:port`. */
function hostOf(header: string): string {
	return header.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
}

export function isLoopback(host: string): boolean {
	const isIPv4 = isIP(host) === 4 && host.startsWith('127.');

	return isIPv4 || host === '::1' || host.toLowerCase() === 'localhost';
}

async function listen(server: Server, place: LocalPlace): Promise<void> {
	try {
		await (place.kind === 'socket'
			? listenOnSocket(server, place.path)
			: untilListening(server.listen({host: place.host, port: place.port})));
	} catch (cause) {
		const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
		const [what, hint] = refusals[code] ?? [];
		if (what === undefined || hint === undefined) {
			throw cause;
		}
		throw new ColoopError('USAGE', `${what} ${placeText(place)}`, {cause, hint});
	}
}

const refusals: Readonly<Record<string, readonly [what: string, hint: string]>> = {
	EADDRINUSE: ['another program listens on', 'name another; ss -ltnxp says who it is'],
	EADDRNOTAVAIL: ['this machine has no address for', 'use 127.0.0.1'],
	EAFNOSUPPORT: ['this machine has no address for', 'use 127.0.0.1'],
	EACCES: ['it is not for us to listen on', 'name a port above 1023'],
};

/** The file is for root, and never there with wider rights: it gets its mode from the umask. */
async function listenOnSocket(server: Server, path: string): Promise<void> {
	await clear(path);
	const umask = process.umask(0o177);
	try {
		await makeFile(path, () => untilListening(server.listen(path)));
	} finally {
		process.umask(umask);
	}
}

async function untilListening(server: Server): Promise<void> {
	await once(server, 'listening');
}

/** A socket that a dead program left is removed; one that answers, and any other file, stays. */
async function clear(path: string): Promise<void> {
	const there = await lstat(path).catch(() => undefined);
	if (!there) {
		return;
	}
	if (!there.isSocket()) {
		throw new ColoopError('USAGE', `${path}: expected a socket or nothing, got another file`, {
			hint: 'remove it, or name another',
		});
	}
	const probe = connect(path);
	const answers = await once(probe, 'connect').then(
		() => true,
		() => false,
	);
	probe.destroy();
	if (answers) {
		throw new ColoopError('USAGE', `another program answers on ${path}`, {
			hint: 'name another; ss -lxp says who it is',
		});
	}
	await rm(path, {force: true});
}
