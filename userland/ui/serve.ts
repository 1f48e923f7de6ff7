// SPDX-License-Identifier: MIT
import type {IncomingMessage, ServerResponse} from 'node:http';
import {serveLocally, type LocalPlace} from '../local-http.ts';
import {readAssets, type Asset} from './assets.ts';
import {describe, type Source} from './source.ts';

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const headers = {
	'Content-Security-Policy':
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Referrer-Policy': 'no-referrer',
	'Cache-Control': 'no-store',
};

/** Serves the page until the signal aborts. */
export async function serveUi(
	place: LocalPlace,
	source: Source,
	signal: AbortSignal,
	listening?: (port: number | undefined) => void,
): Promise<void> {
	const assets = await readAssets();
	const handle = (request: IncomingMessage, response: ServerResponse) => {
		for (const [name, value] of Object.entries(headers)) {
			response.setHeader(name, value);
		}
		answer(request, response, assets, source);
	};
	await serveLocally(place, handle, signal, listening);
}

function answer(
	request: IncomingMessage,
	response: ServerResponse,
	assets: ReadonlyMap<string, Asset>,
	source: Source,
): void {
	const [path = '/', query = ''] = (request.url ?? '/').split('?');
	const asset = assets.get(path);
	if (asset) {
		response.writeHead(200, {'Content-Type': asset.type}).end(asset.body);
	} else if (path === '/events') {
		follow(request, response, source);
	} else if (path === '/pairs') {
		tellPairs(new URLSearchParams(query).get('of') ?? '', response, source);
	} else {
		response.writeHead(404).end('no such page\n');
	}
}

/** Server-sent events: each the whole scene, as it is small and one may be missed. */
function follow(request: IncomingMessage, response: ServerResponse, source: Source): void {
	response.writeHead(200, {'Content-Type': 'text/event-stream'});
	response.flushHeaders();
	if (request.method === 'HEAD') {
		response.end();

		return;
	}
	const stop = source.listen(news => {
		/* Who does not read gets no more until he has. */
		if (!response.writableNeedDrain) {
			response.write(`data: ${JSON.stringify(news)}\n\n`);
		}
	});
	response.on('close', stop);
}

function tellPairs(of: string, response: ServerResponse, source: Source): void {
	const send = (status: number, body: unknown) =>
		response
			.writeHead(status, {'Content-Type': 'application/json'})
			.end(`${JSON.stringify(body)}\n`);
	if (!/^\d{1,5}$/.test(of)) {
		send(400, {error: 'expected /pairs?of=DOMID', hint: ''});

		return;
	}
	source.pairsOf(Number(of)).then(
		pairs => send(200, {pairs}),
		error => send(502, describe(error)),
	);
}
