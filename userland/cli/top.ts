// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {statusFor} from './ask.ts';
import {jsonLine} from './json.ts';
import {createRates, type Rate} from './rates.ts';
import {table} from './render.ts';
import {bytes, moment} from './units.ts';

type Wanted = {
	/** Between two looks. */
	readonly seconds: number;
	/** How many looks; Infinity: until somebody stops us. */
	readonly iterations: number;
	readonly isJson: boolean;
	/** What begins a look: clears a terminal's screen, or nothing. */
	readonly clear: string;
};

type Screen = {
	out(line: string): void;
	raw(line: string): void;
	/** Seconds since 1970. */
	now(): number;
	readonly signal: AbortSignal;
};

/** Look after look at what moves, the busiest first. */
export async function top(socket: string, wanted: Wanted, screen: Screen): Promise<void> {
	const {seconds, iterations, isJson, clear} = wanted;
	const {out, raw, now, signal} = screen;
	const ratesOf = createRates();
	for (let look = 0; look < iterations && !signal.aborted; look++) {
		if (look > 0 && !(await isOver(seconds, signal))) {
			return;
		}
		const status = await statusFor(socket, {peers: 'unless-pairs', pairs: 'some'});
		const rates = ratesOf(status, performance.now()).sort((a, b) => busyness(b) - busyness(a));
		if (isJson) {
			out(jsonLine({time: now(), rows: rates}));
			continue;
		}
		if (clear !== '') {
			raw(clear);
		} else if (look > 0) {
			out('');
		}
		lines(rates, now()).forEach(out);
	}
}

/** False where the signal came before. */
async function isOver(seconds: number, signal: AbortSignal): Promise<boolean> {
	return sleep(seconds * 1000, true, {signal}).catch(() => false);
}

function busyness({sent_bytes_per_s: sent, received_bytes_per_s: received, state}: Rate): number {
	return (sent ?? 0) + (received ?? 0) + (state === 'live' ? 0.5 : 0);
}

function lines(rates: readonly Rate[], now: number): string[] {
	const live = rates.filter(({state}) => state === 'live').length;
	const what = rates[0]?.kind ?? 'peer';
	const sum = rates.reduce((total, rate) => total + Math.floor(busyness(rate)), 0);
	const head = `coloop top - ${moment(now)}, ${live} live of ${rates.length} ${what}s, ${perSecond(sum)}`;
	const rows = rates.map(rate => [
		rate.other === null ? rate.name : `${rate.name} <-> ${rate.other}`,
		rate.other_domid === null ? String(rate.domid) : `${rate.domid} ${rate.other_domid}`,
		perSecond(rate.sent_bytes_per_s),
		perSecond(rate.received_bytes_per_s),
		number(rate.packets_per_s),
		number(rate.dropped_per_s),
		rate.queued_bytes === null ? '-' : bytes(rate.queued_bytes),
		rate.state,
	]);
	const names = [what, 'domid', 'sent', 'received', 'packets/s', 'drops/s', 'queued', 'state'];

	return [head, ...table([names, ...rows], new Set([2, 3, 4, 5, 6]))];
}

function perSecond(rate: number | null): string {
	return rate === null ? '-' : `${bytes(Math.round(rate))}/s`;
}

function number(rate: number | null): string {
	return rate === null ? '-' : String(Math.round(rate));
}
