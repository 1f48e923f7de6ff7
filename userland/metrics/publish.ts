// SPDX-License-Identifier: MIT
import {rm} from 'node:fs/promises';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {ColoopError} from '../errors.ts';
import {placeText, serveLocally, type LocalPlace} from '../local-http.ts';
import {metered} from './metered.ts';
import {Metrics} from './metrics.ts';
import type {Outlet} from './outlets.ts';
import {createPage} from './page.ts';
import type {Reading} from './reading.ts';
import {writeTextfile} from './textfile.ts';

type World = Parameters<typeof metered>[0];

type Log = Readonly<
	Record<'info' | 'error', (event: string, fields: Readonly<Record<string, string>>) => void>
>;

type Publisher<W> = {
	/** The daemon's world, in which things are counted. */
	readonly world: W;
	/** Publishes until the signal aborts. What keeps it from that is said, once, and tried again. */
	run(read: () => Promise<Reading>, signal: AbortSignal): Promise<void>;
};

/** How often the file is written, as often as Prometheus usually asks, and what failed is tried again. */
const period = 15_000;

export function createPublisher<W extends World>(
	given: W,
	outlets: readonly Outlet[],
	log: Log,
): Publisher<W> {
	const metrics = new Metrics();
	const {world, totals} = metered(given, metrics);
	const {clock} = given;

	return {
		world,
		async run(read, signal) {
			const page = createPage({metrics, totals, read, unix: clock.unix});
			const publishing = outlets.map(outlet => {
				const serving = {page, log, contentType: metrics.contentType};
				const attempt =
					outlet.kind === 'file'
						? async () => writeTextfile(outlet.path, await page())
						: () => servePage(outlet, serving, signal);

				return keepTrying(textOf(outlet), attempt, {clock, log}, signal);
			});
			await Promise.all(publishing);
			await Promise.all(outlets.map(forget));
		},
	};
}

async function keepTrying(
	where: string,
	attempt: () => Promise<void>,
	{clock, log}: Pick<World, 'clock'> & {log: Log},
	signal: AbortSignal,
): Promise<void> {
	let lastMessage: string | undefined;
	while (!signal.aborted) {
		try {
			await attempt();
			lastMessage = undefined;
		} catch (error) {
			const message = sentence(error);
			if (message !== lastMessage) {
				const {hint} = error instanceof ColoopError ? error : {};
				log.error('metrics.failed', {where, message, ...(hint && {hint})});
			}
			lastMessage = message;
		}
		await clock.sleep(period, signal);
	}
}

type Serving = {
	page(): Promise<string>;
	readonly contentType: string;
	readonly log: Log;
};

function servePage(
	place: LocalPlace,
	{page, contentType, log}: Serving,
	signal: AbortSignal,
): Promise<void> {
	const handle = (request: IncomingMessage, response: ServerResponse) => {
		if (pathOf(request) !== '/metrics') {
			response.writeHead(404).end('the metrics are at /metrics\n');

			return;
		}
		page().then(
			text => response.setHeader('Content-Type', contentType).end(text),
			error => response.writeHead(500).end(`${sentence(error)}\n`),
		);
	};

	return serveLocally(place, handle, signal, port => {
		log.info('metrics.served', {where: placeText(place, port)});
	});
}

function sentence(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

function pathOf({url = '/'}: IncomingMessage): string {
	return url.replace(/[?#].*$/, '');
}

/** What nobody writes any more would be read for ever. A server takes its socket away by itself. */
async function forget(outlet: Outlet): Promise<void> {
	if (outlet.kind === 'file') {
		await rm(outlet.path, {force: true}).catch(() => {});
	}
}

function textOf(outlet: Outlet): string {
	return outlet.kind === 'file' ? outlet.path : placeText(outlet);
}
