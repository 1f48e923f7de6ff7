// SPDX-License-Identifier: MIT
import {setImmediate as breathe} from 'node:timers/promises';
import type {Reading} from '../metrics/reading.ts';
import type {Parts} from './daemon.ts';
import type {HostView} from './host/view.ts';
import {readStatus} from './status/read.ts';
import {stateOf} from './status/pair-state.ts';

/** What metrics are made of. */
export async function readForMetrics(parts: Parts): Promise<Reading> {
	const {host, endpoint, problems} = parts;
	const status = await readStatus(parts, {peers: 'all', pairs: 'none'});
	const runs = (role: 'host' | 'endpoint') => [role, !problems.has(role)] as const;
	const roles = new Map([
		...(host ? [runs('host')] : []),
		...(endpoint ? [runs('endpoint')] : []),
	]);
	const view = host?.view();

	return {
		...{status, roles},
		...(view && {host: {domains: view.domains.length, pairs: await countPairs(view)}}),
	};
}

/** So many pairs cost about a millisecond; then others have their turn. */
const slice = 2000;

/** Pairs by state. Those in which nobody has said anything are counted without being looked at. */
async function countPairs(view: HostView): Promise<Map<string, number>> {
	const counts = new Map<string, number>();
	let looked = 0;
	for (const negotiation of view.negotiations()) {
		const state = stateOf(negotiation);
		counts.set(state, (counts.get(state) ?? 0) + 1);
		if (++looked % slice === 0) {
			await breathe();
		}
	}
	const {allowed, refused} = view.counts;
	counts.set('ready', (counts.get('ready') ?? 0) + Math.max(0, allowed - looked));
	counts.set('refused', (counts.get('refused') ?? 0) + refused);

	return counts;
}
