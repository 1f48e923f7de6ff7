// SPDX-License-Identifier: MIT
import {observe} from '../control/client.ts';
import type {PeerEvent} from '../control/protocol.ts';
import {domainName} from '../domain-name.ts';
import {jsonLine} from './json.ts';
import {moment} from './units.ts';

export type Wanted = {
	readonly follow: boolean;
	readonly isJson: boolean;
	/** At most so many of those before, the last ones; undefined: all that are remembered. */
	readonly last: number | undefined;
	/** Only of this domain, by name or domid. */
	readonly peer: string | undefined;
};

/** Prints what happened, and with `follow` what happens until the signal aborts. */
export async function printEvents(
	socket: string,
	{follow, isJson, last = Infinity, peer}: Wanted,
	{out, signal}: {out(line: string): void; signal: AbortSignal},
): Promise<void> {
	const print = (event: PeerEvent) => out(isJson ? jsonLine(event) : lineOf(event));
	let before: PeerEvent[] | undefined = [];
	for await (const event of observe(socket, follow, signal)) {
		if (event === 'now') {
			before?.slice(Math.max(0, before.length - last)).forEach(print);
			before = undefined;
		} else if (peer === undefined || isOf(event, peer)) {
			(before?.push.bind(before) ?? print)(event);
		}
	}
}

function isOf({peer, domid, other, other_domid: otherDomid}: PeerEvent, given: string): boolean {
	const names = [peer, other, String(domid), String(otherDomid)];

	return names.includes(given) || names.includes(domainName(given));
}

/** `2027-01-15 09:00:00  opened       a (1) <-> b (2)` */
function lineOf({time, event, peer, domid, other, other_domid: otherDomid, reason}: PeerEvent) {
	const one = `${peer} (${domid})`;
	const who = other === null ? one : `${one} <-> ${other} (${otherDomid ?? '?'})`;

	return `${moment(time)}  ${event.padEnd(11)}  ${who}${reason === null ? '' : `: ${reason}`}`;
}
