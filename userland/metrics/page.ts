// SPDX-License-Identifier: MIT
import {setImmediate as breathe} from 'node:timers/promises';
import {metricNames, type Metrics} from './metrics.ts';
import type {PeerTotals} from './peer-totals.ts';
import type {Reading} from './reading.ts';
import {samplesOf} from './samples.ts';

type Source = {
	readonly metrics: Metrics;
	readonly totals: PeerTotals;
	read(): Promise<Reading>;
	/** Seconds since 1970. */
	unix(): number;
};

/**
 * Answers what writes the page that Prometheus reads. The daemon has its turn between any two metrics,
 * and those who ask while a page is being written get that one: a scrape costs the same however many ask.
 */
export function createPage(source: Source): () => Promise<string> {
	let writing: Promise<string> | undefined;

	return () => (writing ??= writePage(source).finally(() => (writing = undefined)));
}

async function writePage({metrics, totals, read, unix}: Source): Promise<string> {
	const samples = samplesOf(await read(), totals, unix());
	const texts: string[] = [];
	for (const name of metricNames) {
		const make = samples.get(name);
		if (make) {
			metrics.set(name, make());
			await breathe();
		}
		texts.push(await metrics.text(name));
		await breathe();
	}

	return `${texts.join('\n')}\n`;
}
